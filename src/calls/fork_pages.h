/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pages that a fork's child would lose: hugetlb pages that the kernel shares until one side
 * writes. See fork.h.
 *
 * Needs the lock (region/lock.h); makes no system call.
 */
#ifndef CALLS_FORK_PAGES_H
#define CALLS_FORK_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "region/region.h"

/* Which pages a walk visits. */
enum fork_walk {
	FORK_DATA,      /* of the regions that may be kept from a child for a moment */
	FORK_INHERITED, /* those of them that have no reservation */
	FORK_RUNNING,   /* a program's data, which its code needs at every instant */
};

/*
 * The next run of pages from *page on that the walk visits, all in the same state. Pages that the
 * program keeps from children are not among them, and pages that may go are not. False: none.
 */
bool fork_next_run(const struct region *region, enum fork_walk walk, size_t *page, size_t *count);

/* The next run of units in use from *unit on, before end. False: there is none. */
bool fork_next_used(const struct region *region, size_t *unit, size_t end, size_t *count);

/* How many bytes from that unit's start on, at most `bytes`, hold anything of the program's. */
size_t fork_used_bytes(const struct region *region, size_t unit, size_t bytes);

/* At most so many sizes of pages are told apart. */
#define FORK_PAGE_SIZES 4

/* How much memory a walk visits: whole pages, what is in use of them, and in how many runs. */
struct fork_extent {
	size_t page_bytes, used_bytes, runs;
	struct {
		size_t size, bytes;
	} by_size[FORK_PAGE_SIZES];   /* page_bytes, by the size of the page */
	const struct region *largest; /* one with the largest pages; NULL: there are no runs */
	const char *name;             /* of what is on them, for people */
};

struct fork_extent fork_measure(enum fork_walk walk);

#endif
