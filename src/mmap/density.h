/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP=auto, and HUGETLB_MORECORE=auto for the blocks that malloc maps one by one: mappings
 * that the program has filled become huge, sparse ones stay unchanged.
 *
 * How much of a mapping a program will use is not known when it is made: heaps, stacks and caches
 * are reserved many times larger than they become. So a mapping of the program or of libc begins on
 * base pages. Later, at another mmap or when malloc's heap grows, the library checks how much of it
 * is in memory, and has the kernel collapse what is nearly full into transparent huge pages
 * (MADV_COLLAPSE, Linux 6.1). That takes at most a hundredth of the process's CPU time, and happens
 * only if the kernel has free memory in large blocks.
 *
 * Only the program's speed changes, so the library does not need to see what the program does with
 * its mappings meanwhile.
 */
#ifndef DENSITY_H
#define DENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

/* Watches the program's mappings from now on, or only libc's. Call it while one thread runs.
 * Returns 0, or -errno after logging a line at INFO. */
int density_start(const struct options *options, bool only_libc);

/* May such a mapping be worth huge pages later? Pure. */
bool density_is_candidate(size_t bytes, int protection, int flags);

/* How many huge pages may be collapsed in a process that has used cpu_ns of CPU time, and spent_ns
 * of it here. Pure. */
size_t density_units(uint64_t cpu_ns, uint64_t spent_ns);

#endif
