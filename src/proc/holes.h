/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where nothing is mapped: the holes of the address space that are worth while, for who lays out
 * ranges of his own.
 *
 * Another thread may fill a hole as soon as it was found: who maps there does so without replacing.
 */
#ifndef PAGES_HOLES_H
#define PAGES_HOLES_H

#include <stddef.h>
#include <stdint.h>

/* Both [start, end), above an address that was given. */
struct holes {
	uintptr_t first_start, first_end; /* the lowest one */
	uintptr_t largest_start, largest_end;
};

/* Finds them by /proc; without it up to half of the way to the nearest thing that is known. */
void holes_find(struct holes *holes, uintptr_t above);

/*
 * Where a range of the process's own that begins at start, and could go up to limit, had better
 * end: what is known of each of its pages takes address space, too, which RLIMIT_AS (ulimit -v) may
 * have made scarce. Four times as much as can be mapped is left to it. In whole pages.
 */
uintptr_t holes_limit(uintptr_t start, uintptr_t limit, size_t page_bytes);

/* By /proc alone. 0 or -errno: it is not there, or there is no hole. */
int holes_read(struct holes *holes, uintptr_t above);

#endif
