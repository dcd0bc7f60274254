/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splitting huge pages into base pages.
 *
 * The kernel refuses to protect, advise, unmap or replace a part of a hugetlb page. Before the
 * program does such a thing to a part, that page is split, its content preserved.
 *
 * All functions need the lock (lock.h); ranges are within one region, and multiples of the base
 * page. 0 or -errno.
 */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* How many huge pages were split, for the report. */
extern unsigned long split_count;

struct split {
	bool all;    /* every page that the range touches, not only those that it covers in part */
	bool sparse; /* what reads as zero has no page then: its next touch is a fault */
	bool silent; /* the caller has another way where it fails */
};

/*
 * Splits the hugetlb pages of [from, to). -ENOMEM, with a line: no memory, or others run and cannot
 * be kept from writing (exact.h); the pages that were split until then stay split, with their
 * content.
 */
int split_range(struct region *region, uintptr_t from, uintptr_t to, const struct split *how);

/* The same, for the most usual of these. */
int split_pages(struct region *region, uintptr_t from, uintptr_t to, bool all);
int split_sparse(struct region *region, uintptr_t from, uintptr_t to);

/* Splits the page of that number, a hugetlb page. */
int split_page(struct region *region, size_t page);

/*
 * Base pages are in the place of a hugetlb page: records it, and gives them the program's advice
 * and lock for that page. `altered`: what is there only the kernel knows.
 */
void split_note_page(struct region *region, size_t page, bool altered);

/*
 * Maps bytes (a multiple of the page) of base pages somewhere on a boundary of the huge page, to be
 * moved over a page. Returns the address, or -errno.
 */
long split_map_aside(const struct region *region, size_t bytes);

#endif
