/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of hugetlb pages that the program has unmapped although the page could not be split: they
 * are still mapped, zero and unused. When all of a page has gone in this way, it is unmapped.
 *
 * Needs the lock (lock.h).
 */
#ifndef UNMAPPED_H
#define UNMAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* How many separate parts are recorded. */
#define UNMAPPED_PARTS_MAX 64

/*
 * The program unmaps [from, to), which lies in one hugetlb page that it may write to. True: the
 * part is zero and recorded, and the page itself may be unmapped. False: not possible.
 */
bool unmapped_add(struct region *region, uintptr_t from, uintptr_t to);

/* Is all of [from, to) such memory? */
bool unmapped_contains(uintptr_t from, uintptr_t to);

/* [from, to) is used for something else now. */
void unmapped_forget(uintptr_t from, uintptr_t to);

#endif
