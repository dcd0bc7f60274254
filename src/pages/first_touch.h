/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * May hugetlb memory be left to its first touch, so that the kernel places it on the NUMA node of
 * the thread that touches it, as it places small pages?
 *
 * A page that is reserved but not populated is found by a later fault, unless something restricts
 * that fault beyond the reservation: then it ends in SIGBUS.
 */
#ifndef FIRST_TOUCH_H
#define FIRST_TOUCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From this number of pages on, other threads than the one that maps them may touch them. */
#define FIRST_TOUCH_PAGES_MIN 8

/* Memory may be left so from now on. Reads nothing. */
void first_touch_start(void);

/*
 * The machine has several nodes with memory, the process may use them all, this thread has no
 * policy that chooses among them, and no control group limits pages of that size. Reads files,
 * on a machine with one node only once, and makes no calls in a sandbox or under a filter.
 */
bool first_touch_places(size_t page_bytes);

/* Has memory been left so? Noted by the one who maps it. */
extern bool first_touch_used;

/* May there be pages that nobody touched, and may the kernel be asked for them? */
bool first_touch_is_known(void);

/* Has the huge page at that address never been touched? Only a system call: also for helpers. */
bool first_touch_awaited(uintptr_t address);

#endif
