/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a page fault costs on this machine: see advise.h. Under a hypervisor it is several times
 * what it is without one, so it is measured: a few milliseconds in memory of this process.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#include "tools/hugestat/advise.h"

#define TRIES      5
#define HUGE_PAGES 2

/* Measured on x86-64 without a hypervisor: 2G filled in 0.42 s with 524288 faults, and in 0.17 s
 * with 1024. Where there are no huge pages to compare with. */
#define FAULT_SECONDS 0.4e-6

static double cpu_seconds(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* The time for the first touch of all pages with that advice; 0: no memory. */
static double touch_seconds(const struct sight *sight, int advice)
{
	const size_t bytes = HUGE_PAGES * sight->huge_bytes, room = bytes + sight->huge_bytes;
	char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const size_t past = (uintptr_t)memory & (sight->huge_bytes - 1);
	double seconds;

	if (memory == MAP_FAILED)
		return 0;
	memory += past ? sight->huge_bytes - past : 0;
	madvise(memory, bytes, advice);
	seconds = cpu_seconds();
	for (size_t at = 0; at < bytes; at += sight->base_bytes)
		*(volatile char *)(memory + at) = 1;
	seconds = cpu_seconds() - seconds;
	munmap(memory - (past ? sight->huge_bytes - past : 0), room);
	return seconds;
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
	const double faults = HUGE_PAGES * (double)(sight->huge_bytes / sight->base_bytes);
	const double small = least_seconds(sight, MADV_NOHUGEPAGE);
	const double huge = least_seconds(sight, MADV_HUGEPAGE);

	/* otherwise these were small pages too */
	return huge < small / 2 ? (small - huge) / faults : FAULT_SECONDS;
}
