/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_LIMIT: how much of each pool this process takes, for all features together.
 *
 * The share is a size, a part of the pool, or, under HUGETLB_MORECORE=auto, chosen: nearly all of
 * the pool while this process runs alone, and the less the more processes run at the same time, so
 * that those that start together get parts of one size. It is found again each time when what the
 * process has of the pool has doubled, or would pass it.
 *
 * Only what the library maps itself counts; what the program takes by hugetlbfs.h or on its own
 * does not. Several threads may grow at once: each may pass the share by one growth.
 */
#ifndef POOL_SHARE_H
#define POOL_SHARE_H

#include <stddef.h>

/*
 * Holds from now on. The share is so many bytes, or else so many percent of each pool, or else it
 * is chosen. While one thread runs.
 */
void pool_share_start(size_t bytes, unsigned int percent);

/*
 * The chosen share, in pages: of a pool of so many, while `running` tasks run on the machine, of
 * which so many are this process's. Pure.
 */
unsigned long pool_share_choose(unsigned long pool_pages, unsigned long running,
				unsigned long own_running);

#endif
