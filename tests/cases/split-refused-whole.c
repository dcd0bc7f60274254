/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A split for which the process may not have the memory or the mappings is refused before anything
 * has changed, and succeeds once there is space again.
 *
 *   mappings    the process has nearly as many mappings as vm.max_map_count allows
 *   commit      vm.overcommit_memory is 2, and nearly all that may be committed is
 *   threads...  the same beside another thread
 */
#include <stdbool.h>
#include <sys/mman.h>
#include "heap_share.h"

#define HUGE      (2 * MEGABYTE)
#define BASE      ((size_t)4096)
#define PAGES     16
#define LEFT_MOST 12 /* mappings that are still possible, at most */
#define SEED      5

static char *page; /* whole huge pages */

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (!file || fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* The pattern everywhere, and no part without access. */
static void check_all(void)
{
	check_pattern(page, PAGES * HUGE, SEED);
	for (size_t i = 0; i < PAGES; i++)
		*(volatile char *)(page + i * HUGE + BASE) = page[i * HUGE + BASE];
}

static void protect_and_open(size_t i)
{
	char *part = page + i * HUGE + BASE;

	CHECK(mprotect(part, BASE, PROT_READ) == 0, "page %zu: %m", i);
	CHECK(mprotect(part, BASE, PROT_READ | PROT_WRITE) == 0, "page %zu: %m", i);
}

/* With a part of page i protected, where that is possible. */
static void try_part(size_t i)
{
	char *part = page + i * HUGE + BASE;

	if (mprotect(part, BASE, PROT_READ)) {
		CHECK(errno == ENOMEM, "page %zu: %m", i);
		check_all();
		return;
	}
	check_pattern(page, PAGES * HUGE, SEED);
	/* to give rights back the kernel never needs a mapping more than to take them */
	CHECK(mprotect(part, BASE, PROT_READ | PROT_WRITE) == 0, "page %zu: %m", i);
	check_all();
}

/* Base pages of alternating rights, one mapping each. */
static size_t make_mappings(char *at, size_t first, size_t most)
{
	size_t i = first;

	while (i < most && !mprotect(at + 2 * i * BASE, BASE, PROT_READ))
		i++;
	return i;
}

static void at_mappings_limit(void)
{
	const long most = read_number("/proc/sys/vm/max_map_count");
	const size_t bytes = (size_t)most * 2 * BASE;
	char *at;
	size_t made;

	if (most <= 0 || most > 1000000)
		SKIP("vm.max_map_count is %ld", most);
	at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(at != MAP_FAILED, "%m");
	made = make_mappings(at, 0, (size_t)most);
	CHECK(made > (size_t)most / 4, "%zu", made);
	for (size_t left = 0; left <= LEFT_MOST; left++) {
		try_part(left);
		/* each of them that goes leaves space for two */
		made--;
		CHECK(mprotect(at + 2 * made * BASE, BASE, PROT_NONE) == 0, "%m");
	}
	CHECK(munmap(at, bytes) == 0, "%m");
}

/* Memory that counts towards the limit although nothing touches it. */
static void commit_all(size_t down_to)
{
	for (size_t bytes = (size_t)1 << 40; bytes >= down_to; bytes /= 2)
		while (mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
			;
}

static void at_commit_limit(void)
{
	void *spare;

	if (read_number("/proc/sys/vm/overcommit_memory") != 2)
		SKIP("vm.overcommit_memory is not 2");
	/* shared: never on hugetlb pages, which do not count */
	spare = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(spare != MAP_FAILED, "%m");
	commit_all(HUGE / 2);
	for (size_t i = 0; i < PAGES / 2; i++)
		try_part(i);
	CHECK(munmap(spare, 4 * HUGE) == 0, "%m");
}

int main(int count, char **arguments)
{
	char *block = need(malloc((PAGES + 1) * HUGE));

	CHECK(count >= 2, "mappings|commit [threads]");
	page = block + (-(uintptr_t)block & (HUGE - 1));
	fill_pattern(page, PAGES * HUGE, SEED);
	if (count > 2)
		start_thread(idle, NULL);
	if (!strcmp(arguments[1], "mappings"))
		at_mappings_limit();
	else
		at_commit_limit();
	for (size_t i = PAGES - 2; i < PAGES; i++)
		protect_and_open(i);
	check_all();
	puts("ok");
	return 0;
}
