/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs do to single small pages of malloced memory: guard pages, JITs, locking, mapping
 * over. On small pages all of it works, so it must work here, and cost at most the huge page that
 * is concerned.
 */
#include "heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define AREA_PAGES 16
#define COPIES     2 /* of each kind of call, at different places of the heap */

static size_t page_bytes;
static bool may_refuse;

/* Asks the kernel, which returns EFAULT where a touch would raise a signal. */
static bool page_readable(const char *page)
{
	int ends[2];
	ssize_t count;

	if (pipe(ends))
		fail("no pipe: %s", strerror(errno));
	count = write(ends[1], page, 1);
	close(ends[0]);
	close(ends[1]);
	return count == 1;
}

static bool page_writable(char *page)
{
	int ends[2];
	char byte = *page;
	ssize_t count;

	if (pipe(ends))
		fail("no pipe: %s", strerror(errno));
	count = write(ends[1], &byte, 1) == 1 ? read(ends[0], page, 1) : -1;
	close(ends[0]);
	close(ends[1]);
	return count == 1;
}

/* Whether the call went through; false only where it may be refused. */
static bool done(int result, const char *what)
{
	if (result && !(may_refuse && errno == ENOMEM))
		fail("%s: %s", what, strerror(errno));
	return !result;
}

/* The second call at a page puts it back: after the first one nothing may be refused. */
static bool put_back(int result, const char *what)
{
	if (result)
		fail("%s: %s", what, strerror(errno));
	return true;
}

static bool mapped(void *result, const void *wanted, const char *what)
{
	if (result != MAP_FAILED && result != wanted)
		fail("%s gives %p, not %p", what, result, wanted);
	return done(result == MAP_FAILED ? -1 : 0, what);
}

static bool guard_page(char *page)
{
	if (!done(mprotect(page, page_bytes, PROT_NONE), "mprotect none"))
		return false;
	if (page_readable(page))
		fail("a page without access can be read");
	if (!page_readable(page - 1) || !page_readable(page + page_bytes))
		fail("a neighbour of a guard page can't be read");
	return put_back(mprotect(page, page_bytes, PROT_READ | PROT_WRITE), "mprotect back");
}

static bool read_only_page(char *page)
{
	if (!done(mprotect(page, page_bytes, PROT_READ), "mprotect read"))
		return false;
	if (page_writable(page))
		fail("a read-only page can be written");
	if (!page_writable(page - 1) || !page_writable(page + page_bytes))
		fail("a neighbour of a read-only page can't be written");
	return put_back(mprotect(page, page_bytes, PROT_READ | PROT_WRITE), "mprotect back");
}

static bool executable_page(char *page)
{
	if (!done(mprotect(page, page_bytes, PROT_READ | PROT_EXEC), "mprotect exec"))
		return false;
	if (page_writable(page))
		fail("a page of code can be written");
	return put_back(mprotect(page, page_bytes, PROT_READ | PROT_WRITE), "mprotect back");
}

static bool forgotten_page(char *page)
{
	return done(madvise(page, page_bytes, MADV_DONTNEED), "madvise dontneed");
}

static bool locked_page(char *page)
{
	if (!done(mlock(page, page_bytes), "mlock"))
		return false;
	return put_back(munlock(page, page_bytes), "munlock");
}

/* A child process has the page, or lacks it, and has the byte before it. */
static void child_has(const char *page, bool wanted)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("fork: %s", strerror(errno));
	if (!child)
		_exit(page_readable(page) != wanted ? 3 : page_readable(page - 1) ? 0 : 4);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid: %s", strerror(errno));
	if (status)
		fail("a child process %s a page, or lacks its neighbour: status 0x%x",
		     wanted ? "lacks" : "has", (unsigned int)status);
}

static bool unforked_page(char *page)
{
	if (!done(madvise(page, page_bytes, MADV_DONTFORK), "madvise dontfork"))
		return false;
	child_has(page, false);
	return put_back(madvise(page, page_bytes, MADV_DOFORK), "madvise dofork");
}

static bool overmapped_page(char *page)
{
	return mapped(mmap(page, page_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		      page, "mmap over a page");
}

static bool removed_page(char *page)
{
	if (!done(munmap(page, page_bytes), "munmap"))
		return false;
	if (page_readable(page))
		fail("a page that was unmapped can be read");
	return mapped(mmap(page, page_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		      page, "mmap into a hole");
}

static const struct call {
	const char *name;
	bool (*run)(char *page);
	bool content_kept;
} calls[] = {
	{"guard page", guard_page, true},
	{"read-only page", read_only_page, true},
	{"page of code", executable_page, true},
	{"page not needed", forgotten_page, false},
	{"locked page", locked_page, true},
	{"page not forked", unforked_page, true},
	{"page mapped over", overmapped_page, false},
	{"page unmapped", removed_page, false},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))
#define AREAS (CALLS * COPIES)

static void area_run(const struct call *call, char *area, uint64_t seed)
{
	char *page = (char *)(((uintptr_t)area + AREA_PAGES / 2 * page_bytes) & -page_bytes);
	char content[AREA_PAGES * page_bytes];
	size_t before = (size_t)(page - area);

	bool happened = call->run(page);

	/* compared as it would be on small pages: all is kept, or this one page is zero */
	pattern_write(content, sizeof(content), seed);
	if (happened && !call->content_kept) {
		zeroes_verify(page, page_bytes, call->name);
		memset(content + before, 0, page_bytes);
	}
	if (memcmp(area, content, sizeof(content)))
		fail("%s: the memory around it is changed", call->name);
	memset(page, 1, page_bytes);
}

static size_t huge_page_bytes(void)
{
	FILE *meminfo = fopen("/proc/meminfo", "r");
	size_t kb = 2048;
	char line[256];

	while (meminfo && fgets(line, sizeof(line), meminfo))
		if (sscanf(line, "Hugepagesize: %zu kB", &kb) == 1)
			break;
	if (meminfo)
		fclose(meminfo);
	return kb * 1024;
}

/* Two whole huge pages; one is withheld from children for a while: Linux 7.2 refuses to undo
 * that. */
static void unforked_huge_page(void)
{
	const size_t bytes = huge_page_bytes();
	char *block = malloc(4 * bytes), *page;

	if (!block)
		fail("no memory for whole huge pages");
	page = (char *)(((uintptr_t)block + bytes) & -bytes);
	pattern_write(page, 2 * bytes, 1);
	put_back(madvise(page, bytes, MADV_DONTFORK), "madvise dontfork of a huge page");
	child_has(page, false);
	put_back(madvise(page, 2 * bytes, MADV_DOFORK), "madvise dofork of huge pages");
	child_has(page, true);
	pattern_verify(page, 2 * bytes, 1, "huge pages after fork");
	free(block);
}

/* Of all mappings: one that is cut may leave behind a part that holds no block. */
static size_t huge_bytes_now(void)
{
	share_read();
	return share_huge_bytes();
}

void partial_page_run(size_t bytes, bool refusal_allowed)
{
	struct blocks blocks = {.random = 7};
	size_t before, after;
	char *areas[AREAS];

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	may_refuse = refusal_allowed;
	for (size_t i = 0; i < AREAS; i++) {
		blocks_add(&blocks, bytes / AREAS, 24, 2000);
		areas[i] = malloc(AREA_PAGES * page_bytes);
		if (!areas[i])
			fail("no memory for an area");
		pattern_write(areas[i], AREA_PAGES * page_bytes, i);
	}
	before = huge_bytes_now();
	share_mark_blocks(&blocks);
	for (size_t i = 0; i < AREAS; i++)
		share_mark(areas[i], AREA_PAGES * page_bytes);
	share_check("before calls on small pages");

	for (size_t i = 0; i < AREAS; i++)
		area_run(&calls[i % CALLS], areas[i], i);
	after = huge_bytes_now();
	if (after + AREAS * huge_page_bytes() < before)
		fail("calls on %zu small pages cost %zu kB of huge pages", AREAS,
		     (before - after) / 1024);

	unforked_huge_page();
	blocks_verify(&blocks);
	for (size_t i = 0; i < AREAS; i++)
		free(areas[i]);
	blocks_churn(&blocks);
	blocks_free(&blocks);
}
