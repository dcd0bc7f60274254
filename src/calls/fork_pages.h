/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pages that a fork's child would lose: hugetlb pages, which the kernel shares until one side
 * writes. See fork.h.
 *
 * Needs the lock (region/lock.h).
 */
#ifndef CALLS_FORK_PAGES_H
#define CALLS_FORK_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "region/region.h"

/* Which pages a walk visits. */
enum fork_walk {
	FORK_ALL,      /* of the regions that may be withheld from a child for a moment */
	FORK_AT_RISK,  /* those of them that are never shared: without a reservation, or data */
	FORK_SEGMENTS, /* data segments, whether or not they may be withheld */
};

/*
 * The next run of pages from *page on that the walk visits, all in the same state. Pages that the
 * program itself withholds from children are not visited, nor are pages that may be unmapped at any
 * moment. False: none.
 */
bool fork_next_run(const struct region *region, enum fork_walk walk, size_t *page, size_t *count);

/* The next run of units in use from *unit on, before end. False: there is none. */
bool fork_next_used(const struct region *region, size_t *unit, size_t end, size_t *count);

/* How many bytes from that unit's start on, at most `bytes`, contain data of the program. */
size_t fork_used_bytes(const struct region *region, size_t unit, size_t bytes);

/* The maximum number of page sizes that are counted separately. */
#define FORK_PAGE_SIZES 4

/* The extent of a walk: whole pages, the part of them in use, and the number of runs. */
struct fork_extent {
	size_t page_bytes, used_bytes, runs;
	size_t data_bytes; /* of used_bytes, in data segments */
	struct {
		size_t size, bytes;
	} by_size[FORK_PAGE_SIZES];   /* page_bytes, one entry per page size */
	const struct region *largest; /* one with the largest pages; NULL: there are no runs */
	const char *name;             /* what the memory is, for log lines */
};

struct fork_extent fork_measure(enum fork_walk walk);

/* The part of used_bytes that is not zero, in base pages; pages that cannot be read count as a
 * whole. Reads all of it: 0.1 s per GB. */
size_t fork_content_bytes(enum fork_walk walk);

/* Can a run in this state be read? */
bool fork_may_read(unsigned int state);

#endif
