/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto: what a part of the heap has on base pages becomes huge, when that part has
 * grown large.
 *
 * The kernel collapses it in place (MADV_COLLAPSE, Linux 6.1), into transparent huge pages: that is
 * exact however many threads write meanwhile, and leaves pages that a device writes to as they are.
 */
#ifndef HEAP_COLLAPSE_H
#define HEAP_COLLAPSE_H

#include <stdint.h>

#include "region/region.h"

/*
 * Collapses those units of [from, to) that are on base pages and nearly all in memory, up to the
 * first one that the kernel refuses: it has no free huge page. Units that the program altered stay.
 * Makes no system call but mincore and madvise; the caller keeps others from unmapping the range.
 */
void collapse_units(const struct region *region, uintptr_t from, uintptr_t to);

/* The same for whole units of [from, to) outside of the region, where no hugetlb page is. */
void collapse_range(const struct region *region, uintptr_t from, uintptr_t to);

#endif
