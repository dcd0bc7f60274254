/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hugetlb pages that are reserved and were never touched, on machines with several NUMA nodes
 * (pages/first_touch.h): before something restricts where they may come from, for then a touch
 * might find none and end in SIGBUS, they become transparent ones, which are empty as well.
 *
 * Needs the lock (lock.h).
 */
#ifndef UNTOUCHED_H
#define UNTOUCHED_H

#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

/* Those of [from, to), which is in the region; and all there are. */
void untouched_replace(struct region *region, uintptr_t from, uintptr_t to);
void untouched_replace_all(void);

#endif
