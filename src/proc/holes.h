/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The large unmapped holes of the address space, for callers that lay out their own ranges.
 *
 * Another thread may fill a hole right after it was found, so the caller must map there without
 * replacing anything.
 */
#ifndef HOLES_H
#define HOLES_H

#include <stddef.h>
#include <stdint.h>

/* Both are [start, end), above a given address. */
struct holes {
	uintptr_t first_start, first_end; /* the lowest one */
	uintptr_t largest_start, largest_end;
};

/*
 * How the library divides the largest hole, in 16ths from its start: the main heap, arenas and
 * large blocks, the program's mappings. What lies between is left to the kernel and to others.
 */
#define HOLE_PARTS        16
#define HOLE_MAIN_END     8
#define HOLE_ZONE         10
#define HOLE_ZONE_END     12
#define HOLE_MAPPINGS     13
#define HOLE_MAPPINGS_END 14

/* Finds them by /proc; without it, assumes a hole up to half of the distance to the nearest known
 * address. */
void holes_find(struct holes *holes, uintptr_t above);

/* Only the guess, which needs no file. */
void holes_guess(struct holes *holes, uintptr_t above);

/*
 * The best end for a range that begins at start and could extend to limit. The records for its
 * pages also take address space, of which RLIMIT_AS (ulimit -v) may have left little, so the range
 * is at most four times as large as what can still be mapped. In whole pages.
 */
uintptr_t holes_limit(uintptr_t start, uintptr_t limit, size_t page_bytes);

/* By /proc only. Returns 0, or -errno: /proc is missing, or there is no hole. */
int holes_read(struct holes *holes, uintptr_t above);

#endif
