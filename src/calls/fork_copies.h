/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of huge pages that a parent makes for a child before it forks. The parent keeps its own
 * pages from the child (MADV_DONTFORK); the child moves the copies to where the pages were.
 *
 * Nobody waits for anybody: the child has all that it needs from its first instruction on.
 *
 * Needs the lock (region/lock.h), from before the fork until after it. In the child: system calls
 * and memory copies only, on a stack that is not among the pages.
 */
#ifndef CALLS_FORK_COPIES_H
#define CALLS_FORK_COPIES_H

#include "calls/fork_pages.h"

/*
 * Before the fork: copies what is in use of the pages that the walk visits, and keeps the pages
 * from the child. 0; or -ENOMEM: some or all are shared with the child instead.
 */
int fork_copies_make(const struct fork_extent *extent, enum fork_walk walk);

/* After it, in the parent: drops the copies. */
void fork_copies_drop(void);

/* After it, in the child: puts the copies in place and records what is there. */
void fork_copies_take(void);

#endif
