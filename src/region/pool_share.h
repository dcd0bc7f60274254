/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_LIMIT: how much of each pool this process takes, for all features together.
 *
 * The share is a size, a percentage of the pool or, under HUGETLB_MORECORE=auto, computed: nearly
 * all that is free while this process runs alone, and an equal part of it if others run at the same
 * time, so that processes that start together get shares of equal size. It is computed again
 * whenever the process's pages have doubled, or would exceed it.
 *
 * Only the library's own mappings count; what the program maps by hugetlbfs.h or by itself does
 * not. Several threads may grow at the same time: each may exceed the share by one growth.
 */
#ifndef POOL_SHARE_H
#define POOL_SHARE_H

#include <stddef.h>

/*
 * Applies the limit from now on: bytes if not 0, otherwise a percentage of each pool if not 0,
 * otherwise a computed share. Call it while one thread runs.
 */
void pool_share_start(size_t bytes, unsigned int percent);

/*
 * How many need pages now, this process among them: by the number of running tasks, as /proc has
 * it. Where there are many, the largest number of the last second counts. For processes that
 * begin together also wait together now and then, for the kernel to put their text on huge pages
 * for one, and the few that don't wait at that moment have no right to the rest of the pool. For
 * the same reason a heap counts once before it needs its first page. Not to be called in a sandbox.
 */
unsigned long pool_share_count_peers(void);

/* What a computed share depends on; all but the last are pages. */
struct pool_share {
	unsigned long obtainable; /* a new mapping may get them */
	unsigned long held;       /* by this process */
	unsigned long others;     /* held by others, running or not */
	unsigned long peers;      /* as pool_share_count_peers() has them */
};

/*
 * The computed share, in pages, rounded up: peers get equal parts of what is free and of what they
 * have. How much the others have of that is not known; it is taken to be as much as this process
 * has, within what others have at all. So the share of processes that grow side by side stays the
 * same while they grow. Pure.
 */
unsigned long pool_share_choose(const struct pool_share *known);

#endif
