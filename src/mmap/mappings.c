/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State that the files of this folder share, and how much a mapping may take: see mappings.h.
 */
#include "base/sys.h"
#include "mmap/mappings.h"
#include "pages/pool.h"

struct mappings mappings;

/* One mapping gets at most this share of what the pool has. */
#define POOL_SHARE 2

/* After this many mappings over the limit the pool is read again, because it may have grown. */
#define LOOK_AGAIN 32

void mappings_read_limit(void)
{
	struct pool pool;

	mappings.refused = 0;
	if (mappings.limit_is_given || !mappings.source.hugetlb || sys_sandboxed)
		return;
	mappings.limit = 0;
	if (!pool_read(mappings.source.page_bytes, &pool))
		mappings.limit = pool_obtainable(&pool) / POOL_SHARE * mappings.source.page_bytes;
}

bool mappings_may_take(size_t bytes)
{
	if (!mappings.source.hugetlb)
		return false;
	if (bytes > mappings.limit && ++mappings.refused >= LOOK_AGAIN)
		mappings_read_limit();
	return bytes <= mappings.limit;
}
