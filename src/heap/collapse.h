/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto: when a part of the heap has grown large, its base pages become huge.
 *
 * The kernel collapses them in place into transparent huge pages (MADV_COLLAPSE, Linux 6.1): that
 * is exact even if threads write meanwhile, and leaves pages alone that a device writes to.
 */
#ifndef HEAP_COLLAPSE_H
#define HEAP_COLLAPSE_H

#include <stdint.h>

#include "region/region.h"

/*
 * Collapses those units of [from, to) that are on base pages and nearly all in memory, up to the
 * first one that the kernel refuses because it has no free huge page. Units that the program
 * altered stay unchanged. Makes no system call but mincore and madvise; the caller keeps others
 * from unmapping the range.
 */
void collapse_units(const struct region *region, uintptr_t from, uintptr_t to);

/* The same for whole units of [from, to) outside of the region, where there are no hugetlb
 * pages. */
void collapse_range(const struct region *region, uintptr_t from, uintptr_t to);

/*
 * The heap goes on at `to`: what it has below that, from `from` on, may become huge again if
 * source.h's thp_unasked has kept it small. Advises the last two huge pages of it: others have been
 * advised before.
 */
void collapse_allow(const struct region *region, uintptr_t from, uintptr_t to);

/* How many bytes of [from, to) are in memory, by mincore: 0 in a sandbox. */
size_t collapse_resident(uintptr_t from, uintptr_t to);

#endif
