/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reservation that is opened by half a huge page at a time, each half filled before the next is
 * opened, as Java 11 opens its heap: it is on huge pages, all but what the program does not want
 * there. With "down" the halves are opened from the last one to the first.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "heap_share.h"

#define HUGE  (2 * MEGABYTE)
#define PAGES 40

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static char *reserve(size_t bytes)
{
	char *raw = mmap(NULL, bytes + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);

	CHECK(raw != MAP_FAILED, "no address space");
	return (char *)(((uintptr_t)raw + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
}

static void open_and_fill(char *at, size_t bytes, uint64_t seed)
{
	CHECK(mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == at,
	      "open");
	fill_pattern(at, bytes, seed);
}

/* Linux 6.1 and later; others leave it to khugepaged, which takes its time. */
static bool kernel_collapses(void)
{
	char *page = reserve(HUGE);

	open_and_fill(page, HUGE, 0);
	return madvise(page, HUGE, MADV_COLLAPSE) == 0 || errno == EBUSY || errno == EAGAIN;
}

/* Without huge pages in the first half there are none in the second. */
static void what_is_not_wanted(char *page)
{
	unsigned char resident[HUGE / 4096];
	size_t pages = 0;

	open_and_fill(page, HUGE / 2, 1);
	CHECK(madvise(page, HUGE / 2, MADV_NOHUGEPAGE) == 0, "advice");
	CHECK(mmap(page + HUGE / 2, HUGE / 2, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
	      "open");
	page[HUGE - 1] = 1;
	CHECK(mincore(page, HUGE, resident) == 0, "mincore");
	for (size_t i = 0; i < HUGE / 4096; i++)
		pages += resident[i] & 1;
	CHECK(pages == HUGE / 4096 / 2 + 1, "%zu pages are there", pages);
	check_pattern(page, HUGE / 2, 1);
	munmap(page, HUGE);
}

/* With "later" the heap becomes huge while the program goes on, and maps something now and then. */
static void go_on(void)
{
	const char *least = getenv("EXPECT_THP");
	struct heap_share share = heap_share_of("/proc/self/smaps");

	for (int i = 0;
	     least && i < 1200 && (double)share.thp_kb < atof(least) * (double)share.total_kb;
	     i++) {
		const clock_t start = clock();

		while (clock() - start < CLOCKS_PER_SEC / 20)
			;
		CHECK(munmap(mmap(NULL, MEGABYTE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			     MEGABYTE) == 0,
		      "a mapping");
		share = heap_share_of("/proc/self/smaps");
	}
}

int main(int count, char **arguments)
{
	const bool down = count > 1 && !strcmp(arguments[1], "down");
	char *heap;

	if (!kernel_collapses()) {
		puts("needs a kernel that collapses pages when it is asked (Linux 6.1)");
		return 77;
	}
	what_is_not_wanted(reserve(HUGE));
	heap = reserve(PAGES * HUGE);
	/* the first opening and the last end within a page, and so do some between */
	open_and_fill(heap, 3 * HUGE + HUGE / 2, 0);
	for (size_t step = 7; step < 2 * PAGES - 1; step++) {
		const size_t half = down ? 2 * PAGES + 5 - step : step;

		open_and_fill(heap + half * HUGE / 2, HUGE / 2, half);
	}
	if (count > 1 && !strcmp(arguments[1], "later"))
		go_on();
	heap_share_check();
	check_pattern(heap, 3 * HUGE + HUGE / 2, 0);
	for (size_t half = 7; half < 2 * PAGES - 1; half++)
		check_pattern(heap + half * HUGE / 2, HUGE / 2, half);
	return 0;
}
