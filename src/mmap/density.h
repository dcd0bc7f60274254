/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP=auto: mappings that the program has filled become huge, sparse ones stay as they
 * are.
 *
 * How much of a mapping a program will use can't be told when it is made: heaps, stacks and caches
 * are reserved many times larger than they become. So a mapping of the program's or of libc's stays
 * on base pages at first. Later, at another mmap, the library looks at what is in memory of it by
 * then, and the kernel collapses what is nearly full into transparent huge pages (MADV_COLLAPSE,
 * Linux 6.1). That takes at most a hundredth of the process's CPU time, and happens only where the
 * kernel has free memory in large blocks.
 *
 * Nothing of the program changes by it but the speed; so what it does with its mappings meanwhile
 * need not be seen.
 */
#ifndef DENSITY_H
#define DENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

/* Watches the program's mappings from now on. While one thread runs. 0 or -errno, with a line at
 * INFO. */
int density_start(const struct options *options);

/* Might such a mapping be worth huge pages later? Pure. */
bool density_is_candidate(size_t bytes, int protection, int flags);

/* How many huge pages may be collapsed in a process that has used so much CPU time, and spent so
 * much of it here. Pure. */
size_t density_units(uint64_t cpu_ns, uint64_t spent_ns);

#endif
