/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that forks often: see fork_often.h.
 */
#include "base/log.h"
#include "calls/fork_often.h"
#include "region/registry.h"
#include "region/split.h"

/* From this number of forks with a copy on, the process forks often. */
#define FORKS_OFTEN 4

/* Larger pages are not split for it, because they would be copied as a whole. */
#define SPLIT_PAGE_BYTES_MAX ((size_t)32 << 20)

/* Up to this size memory is moved to base pages without allocating pages for zeroes, as if there
 * had been no huge page. */
#define SPARSE_BYTES ((size_t)8 << 20)

/* How much each region then grows on transparent huge pages. */
#define GROWTH_BYTES ((size_t)64 << 20)

static unsigned int forks;
static bool failed_once, told;

static int split_region(struct region *region, bool sparse)
{
	const struct split how = {.all = true, .sparse = sparse, .silent = true};
	int failed = 0;

	for (size_t page = 0, count; !failed && fork_next_run(region, FORK_DATA, &page, &count);
	     page += count) {
		const uintptr_t from = region_page_address(region, page);
		const uintptr_t to = region_page_address(region, page + count);

		failed = split_range(region, from, to, &how);
	}
	return failed;
}

bool fork_often_counts(const struct fork_extent *extent)
{
	const bool sparse = extent->used_bytes <= SPARSE_BYTES;
	struct region *region;

	if (extent->largest->page_bytes > SPLIT_PAGE_BYTES_MAX || failed_once ||
	    ++forks < FORKS_OFTEN)
		return false;
	if (!told)
		log_info("%s: the process forks often: %zu kB moved to base pages, because each "
			 "fork "
			 "would copy them; the next %zu MB go to transparent huge pages",
			 extent->name, extent->used_bytes >> 10, GROWTH_BYTES >> 20);
	told = true;
	for (region = registry_first(); region; region = registry_next(region)) {
		if (region->running || region->may_go)
			continue;
		if (split_region(region, sparse)) {
			failed_once = true;
			return false;
		}
		region->transparent_left = GROWTH_BYTES;
	}
	forks = 0;
	return true;
}
