/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splits huge pages into base pages.
 *
 * The kernel refuses to protect, advise, unmap or replace a part of a hugetlb page. Before the
 * program does that, the page is split, preserving its content.
 *
 * All functions need the lock (lock.h); ranges are within one region, and multiples of the base
 * page. Functions return 0 or -errno.
 */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* How many huge pages were split; for the report. */
extern unsigned long split_count;

struct split {
	bool all;    /* every page that the range touches, not only those that it covers in part */
	bool sparse; /* base pages that would be zero are not allocated: their next touch is a
		      * page fault */
	bool silent; /* the caller has a fallback if it fails */
};

/*
 * Splits the hugetlb pages of [from, to). -ENOMEM, after logging why: no memory, or other tasks
 * cannot be kept from writing (exact.h); pages that were already split stay split, with their
 * content.
 */
int split_range(struct region *region, uintptr_t from, uintptr_t to, const struct split *how);

/* The same, with the most common options. */
int split_pages(struct region *region, uintptr_t from, uintptr_t to, bool all);
int split_sparse(struct region *region, uintptr_t from, uintptr_t to);

/* Splits one hugetlb page, given by number. */
int split_page(struct region *region, size_t page);

/* Logs, once, that a call on part of a huge page fails. Needs no lock. */
void split_warn_refused(const char *what, int error);

/*
 * Base pages have replaced a hugetlb page: records it, and applies the program's advice and lock
 * for that page to them. `altered`: only the kernel knows what is there.
 */
void split_note_page(struct region *region, size_t page, bool altered);

/*
 * Maps bytes (a multiple of the page) of base pages at any multiple of the huge page, to be moved
 * over a page. Returns the address, or -errno.
 */
long split_map_aside(const struct region *region, size_t bytes);

#endif
