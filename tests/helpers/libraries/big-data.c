/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library with big data and bss, for programs that load it late: pointers that ld.so relocates,
 * in what stays writable and in what becomes read-only (RELRO_PAGES of 4K), thread-local data, a
 * function that is chosen when it is relocated, and calls that are bound late. Constructor,
 * destructor and each check count in every page. LIBRARY_OPENS: what the constructor opens in turn.
 */
#include <dlfcn.h>

#include "test.h"

#ifndef RELRO_PAGES
#define RELRO_PAGES 4
#endif

#define PAGES     2048
#define PAGE      4096
#define ALL(what) [0 ... PAGES - 1] = what

struct page {
	const void *self;
	int version, count;
	char rest[PAGE - sizeof(void *) - 2 * sizeof(int)];
};

static struct page data[PAGES] = {ALL(((struct page){.self = data, .version = VERSION}))};
static struct page bss[PAGES];
static const struct page constants[RELRO_PAGES] = {
	[0 ... RELRO_PAGES - 1] = {.self = data, .version = VERSION}};
static __thread int own = VERSION, own_calls;
static int calls;
static void *opened;

#define VISIBLE __attribute__((visibility("default")))
VISIBLE int library_check(void);
VISIBLE const void *library_read_only(void);

static int chosen(void)
{
	return VERSION;
}

/* Runs while the library is being relocated. */
static int (*choose(void))(void)
{
	return chosen;
}

VISIBLE int library_choice(void) __attribute__((ifunc("choose")));

/* The compiler knows what a constant holds, and must not. */
static const struct page *hidden(const struct page *page)
{
	__asm__ volatile("" : "+r"(page));
	return page;
}

VISIBLE int library_check(void)
{
	for (int i = 0; i < PAGES; i++) {
		CHECK(data[i].self == data && data[i].version == VERSION, "page %d of data", i);
		CHECK(data[i].count++ == calls, "page %d of data is not counted", i);
		CHECK(bss[i].count++ == calls && !bss[i].self, "page %d of bss", i);
	}
	for (int i = 0; i < RELRO_PAGES; i++)
		CHECK(hidden(constants)[i].self == data, "page %d of what is read-only", i);
	CHECK(own++ == VERSION + own_calls++, "thread-local data");
	CHECK(library_choice() == VERSION, "the function that was chosen");
	CHECK(abs(-VERSION) == VERSION && strtol("12", NULL, 10) == 12, "a function of libc");
	return ++calls;
}

VISIBLE const void *library_read_only(void)
{
	return &constants[RELRO_PAGES / 2];
}

#ifdef LACKS
extern int lacking(void);

VISIBLE int library_lacks(void);

VISIBLE int library_lacks(void)
{
	return lacking();
}
#endif

static void __attribute__((constructor)) begin(void)
{
	const char *name = VERSION == 1 ? getenv("LIBRARY_OPENS") : NULL;

	library_check();
	if (name) {
		opened = dlopen(name, RTLD_NOW);
		CHECK(opened, "%s", dlerror());
	}
}

static void __attribute__((destructor)) end(void)
{
	library_check();
	if (opened)
		dlclose(opened);
}
