/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of hugetlb pages that the program has unmapped although the page could not be split: they
 * are still there, zero, and nobody uses them. When a whole page has gone in this way, it goes.
 *
 * Needs the lock (lock.h).
 */
#ifndef UNMAPPED_H
#define UNMAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* How many separate parts are remembered. */
#define UNMAPPED_PARTS_MAX 64

/*
 * The program unmaps [from, to), which lies in one hugetlb page that it may write to. True: it is
 * zero, and remembered; the page itself may have gone. False: it cannot be.
 */
bool unmapped_add(struct region *region, uintptr_t from, uintptr_t to);

/* Is all of [from, to) such memory? */
bool unmapped_contains(uintptr_t from, uintptr_t to);

/* [from, to) has become something else. */
void unmapped_forget(uintptr_t from, uintptr_t to);

#endif
