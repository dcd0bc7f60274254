/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_LIMIT: how much of each pool this process takes, for all features together.
 *
 * The share is a size, a percentage of the pool or, under HUGETLB_MORECORE=auto, computed: nearly
 * all of the pool while this process runs alone, and less if more processes run at the same time,
 * so that processes that start together get shares of equal size. It is computed again whenever the
 * process's pages have doubled, or would exceed it.
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
 * The computed share, in pages: of a pool of pool_pages, while `running` tasks run on the machine,
 * of which own_running belong to this process. Pure.
 */
unsigned long pool_share_choose(unsigned long pool_pages, unsigned long running,
				unsigned long own_running);

#endif
