/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Empties pages: MADV_DONTNEED for memory of a region.
 */
#ifndef EMPTY_H
#define EMPTY_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/*
 * Makes [from, to) read as zero: a range of the region, in whole base pages, under the lock.
 * Hugetlb pages wholly inside return to the pool and are replaced by base pages that may become
 * transparent huge pages; emptying those again costs nothing. Parts of hugetlb pages are cleared.
 * Returns 0 or -errno.
 */
int empty_pages(struct region *region, uintptr_t from, uintptr_t to);

#endif
