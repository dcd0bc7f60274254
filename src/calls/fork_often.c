/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that forks often: see fork_often.h.
 */
#include "base/log.h"
#include "calls/fork_often.h"
#include "region/registry.h"
#include "region/split.h"

/* From this number of forks with a copy on, the process forks often. Data segments do not grow, so
 * they would be on base pages for good: they stay for more forks. */
#define FORKS_OFTEN      4
#define DATA_FORKS_OFTEN 16

/* Larger pages are not split for it, because they would be copied as a whole. */
#define SPLIT_PAGE_BYTES_MAX ((size_t)32 << 20)

/* Up to this size memory is moved to base pages without allocating pages for zeroes, as if there
 * had been no huge page. */
#define SPARSE_BYTES ((size_t)8 << 20)

/* How much each region then grows on transparent huge pages. */
#define GROWTH_BYTES ((size_t)64 << 20)

struct kind {
	bool data;
	unsigned int forks, often;
	bool told;
};

static bool failed_once;

static int split_region(struct region *region, bool sparse)
{
	const struct split how = {.all = true, .sparse = sparse, .silent = true};
	int failed = 0;

	for (size_t page = 0, count; !failed && fork_next_run(region, FORK_ALL, &page, &count);
	     page += count) {
		const uintptr_t from = region_page_address(region, page);
		const uintptr_t to = region_page_address(region, page + count);

		failed = split_range(region, from, to, &how);
	}
	return failed;
}

static void tell(struct kind *kind, const char *name, size_t bytes)
{
	if (!kind->told && kind->data)
		log_info("%s: the process forks often: %zu kB moved to base pages, because each "
			 "fork would copy them",
			 name, bytes >> 10);
	else if (!kind->told)
		log_info("%s: the process forks often: %zu kB moved to base pages, because each "
			 "fork would copy them; the next %zu MB go to transparent huge pages",
			 name, bytes >> 10, GROWTH_BYTES >> 20);
	kind->told = true;
}

/* Moves all memory of a kind to base pages; false: not all of it. */
static bool leave(const struct kind *kind, bool sparse)
{
	struct region *region;

	for (region = registry_first(); region; region = registry_next(region)) {
		if (region->running || region->may_go || region->data != kind->data)
			continue;
		if (split_region(region, sparse)) {
			failed_once = true;
			return false;
		}
		region->transparent_left = GROWTH_BYTES;
	}
	return true;
}

static bool counts(struct kind *kind, const char *name, size_t bytes)
{
	if (!bytes || ++kind->forks < kind->often)
		return false;
	tell(kind, name, bytes);
	kind->forks = 0;
	return leave(kind, bytes <= SPARSE_BYTES);
}

bool fork_often_counts(const struct fork_extent *extent, bool all)
{
	static struct kind heap = {.often = FORKS_OFTEN};
	static struct kind data = {.data = true, .often = DATA_FORKS_OFTEN};
	bool left = false;

	if (extent->largest->page_bytes > SPLIT_PAGE_BYTES_MAX || failed_once)
		return false;
	if (all)
		left = counts(&heap, extent->name, extent->used_bytes - extent->data_bytes);
	return counts(&data, "data", extent->data_bytes) || left;
}
