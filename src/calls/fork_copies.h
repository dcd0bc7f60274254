/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of huge pages that a parent makes for a child before it forks. The parent withholds its
 * own pages from the child (MADV_DONTFORK); the child moves the copies to where the pages were.
 *
 * Neither process waits for the other: the child has everything that it needs from its first
 * instruction on.
 *
 * Needs the lock (region/lock.h), from before the fork until after it. In the child: system calls
 * and memory copies only, on a stack that is not among the pages.
 */
#ifndef CALLS_FORK_COPIES_H
#define CALLS_FORK_COPIES_H

#include "calls/fork_pages.h"

/*
 * Before the fork: copies what is in use of the pages that the walk visits, and withholds the pages
 * from the child. content: of what is in use only what is not zero takes memory. Returns 0; or
 * -ENOMEM: some or all are shared with the child instead.
 */
int fork_copies_make(const struct fork_extent *extent, enum fork_walk walk, bool content);

/* After the fork, in the parent: drops the copies. */
void fork_copies_drop(void);

/* After the fork, in the child: moves the copies into place and records the new states. */
void fork_copies_take(void);

/* Opens pages that cannot be read, for a process in which nobody else runs. Returns 0 or -errno. */
long fork_open_to_read(unsigned int state, uintptr_t address, size_t bytes);

/* Gives a copy the protection, key and advice of the pages that it replaces. 0 or -errno. */
long fork_give_state(unsigned int state, uintptr_t copy, size_t bytes);

#endif
