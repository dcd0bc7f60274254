/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a page fault costs on this machine: see advise.h. Under a hypervisor it is several times
 * what it is without one, so it is measured: a few milliseconds in memory of this process.
 *
 * Some hosts take back what lies free in blocks of a huge page (free page reporting). Memory for
 * small pages is seldom among that, so it is there; a huge page is not, and its first touch may
 * cost fifty times as much as otherwise, more than all its small pages.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "tools/hugestat/advise.h"

#define TRIES      5
#define HUGE_PAGES 2

/* These are seldom all from memory that was freed a moment ago. */
#define FRESH_PAGES     16
#define FRESH_BYTES_MAX ((size_t)64 << 20)

/* Measured on x86-64 without a hypervisor: 2G filled in 0.42 s with 524288 faults, and in 0.17 s
 * with 1024. Where there are no huge pages to compare with. */
#define FAULT_SECONDS 0.4e-6

static double cpu_seconds(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* The time for the first touch of each of the pages with that advice; false: no memory. */
static bool touch(const struct sight *sight, int advice, size_t pages, double *seconds)
{
	const size_t bytes = pages * sight->huge_bytes, room = bytes + sight->huge_bytes;
	char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const size_t past = (uintptr_t)memory & (sight->huge_bytes - 1);
	const size_t skipped = past ? sight->huge_bytes - past : 0;

	if (memory == MAP_FAILED)
		return false;
	madvise(memory + skipped, bytes, advice);
	for (size_t page = 0; page < pages; page++) {
		char *const start = memory + skipped + page * sight->huge_bytes;
		const double begun = cpu_seconds();

		for (size_t at = 0; at < sight->huge_bytes; at += sight->base_bytes)
			*(volatile char *)(start + at) = 1;
		seconds[page] = cpu_seconds() - begun;
	}
	munmap(memory, room);
	return true;
}

/* Of a few pages; 0: no memory. */
static double touch_seconds(const struct sight *sight, int advice)
{
	double seconds[HUGE_PAGES], sum = 0;

	if (!touch(sight, advice, HUGE_PAGES, seconds))
		return 0;
	for (size_t i = 0; i < HUGE_PAGES; i++)
		sum += seconds[i];
	return sum / HUGE_PAGES;
}

/* The least of some: what else the CPU does only adds. */
static double least_seconds(const struct sight *sight, int advice)
{
	double least = touch_seconds(sight, advice);

	for (int i = 1; i < TRIES; i++) {
		const double seconds = touch_seconds(sight, advice);

		if (seconds < least)
			least = seconds;
	}
	return least;
}

double fault_seconds(const struct sight *sight)
{
	const double faults = (double)(sight->huge_bytes / sight->base_bytes);
	const double small = least_seconds(sight, MADV_NOHUGEPAGE);
	const double huge = least_seconds(sight, MADV_HUGEPAGE);

	/* otherwise these were small pages too */
	return huge < small / 2 ? (small - huge) / faults : FAULT_SECONDS;
}

static int by_size(const void *a, const void *b)
{
	const double first = *(const double *)a, second = *(const double *)b;

	return first < second ? -1 : first > second;
}

double fresh_seconds(const struct sight *sight)
{
	const double small = least_seconds(sight, MADV_NOHUGEPAGE);
	const double huge = least_seconds(sight, MADV_HUGEPAGE);
	double pages[FRESH_PAGES];

	if (huge >= small / 2 || sight->huge_bytes > FRESH_BYTES_MAX / FRESH_PAGES ||
	    !touch(sight, MADV_HUGEPAGE, FRESH_PAGES, pages))
		return fault_seconds(sight);
	/* a quarter of them takes longer: another process that ran meanwhile is none of it */
	qsort(pages, FRESH_PAGES, sizeof(pages[0]), by_size);
	return (small - pages[FRESH_PAGES * 3 / 4 - 1]) /
	       (double)(sight->huge_bytes / sight->base_bytes);
}
