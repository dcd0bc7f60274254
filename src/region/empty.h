/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Emptying pages: what MADV_DONTNEED does, for memory of a region.
 */
#ifndef EMPTY_H
#define EMPTY_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/*
 * [from, to) reads as zero afterwards: a range of the region, in whole base pages, under the lock.
 * Hugetlb pages wholly inside return to the pool, and base pages that may become transparent huge
 * pages take their place: emptied again, they cost nothing. Parts are cleared. 0 or -errno.
 */
int empty_pages(struct region *region, uintptr_t from, uintptr_t to);

#endif
