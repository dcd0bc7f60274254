/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that forks often: copying its memory for each child would cost more than its huge pages
 * gain. After some forks with a copy, its memory is split into base pages, which the kernel shares
 * until they are written to, and the next growth is on transparent huge pages.
 *
 * Both are bounded: a program that has forked some helpers and then grows to gigabytes has hugetlb
 * pages for all but the first of them.
 *
 * Needs the lock (region/lock.h).
 */
#ifndef CALLS_FORK_OFTEN_H
#define CALLS_FORK_OFTEN_H

#include <stdbool.h>

#include "calls/fork_pages.h"

/*
 * Called if a fork is about to copy this memory, which is little. True: some of it is on base pages
 * now, and there is less to copy. all false: it is little of much, of which only data may move.
 */
bool fork_often_counts(const struct fork_extent *extent, bool all);

#endif
