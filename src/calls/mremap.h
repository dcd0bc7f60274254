/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mremap of memory that touches a region.
 *
 * One mapping of the program may be several mappings for the kernel: hugetlb pages, base pages that
 * replaced a huge one, a tail. The kernel moves one mapping per call, so a range that is
 * contiguous, private and of the same protection throughout is moved piece by piece.
 */
#ifndef CALLS_MREMAP_H
#define CALLS_MREMAP_H

#include <stddef.h>

void *call_mremap(void *address, size_t bytes, size_t new_bytes, int flags, void *new_address);

#endif
