/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves the program's private anonymous mappings to huge pages: the order of steps, each of which
 * may decline. See start.h.
 */
#include "base/error.h"
#include "base/log.h"
#include "calls/start.h"
#include "mmap/mappings.h"
#include "mmap/owner.h"
#include "mmap/reservations.h"
#include "mmap/space.h"
#include "mmap/start.h"
#include "region/registry.h"

static const char small_pages[] = "mappings stay on small pages";

static int choose(const struct options *options)
{
	struct wanted_pages wanted = {
		.pages = options->mmap,
		.page_bytes = options->mmap_page_bytes,
		.feature = "mappings",
		.variable = "HUGETLB_MMAP",
		.otherwise = small_pages,
	};

	return calls_select_pages(options, &wanted, &mappings.source);
}

static int lay_out(void)
{
	uintptr_t start, limit;
	int failed = mmap_space_find(mappings.source.page_bytes, &start, &limit);

	if (!failed)
		failed = placement_start(&mappings.place, start, limit, &mappings.source);
	if (failed)
		log_declined(small_pages, "mappings: no free address space (%s)",
			     error_name(failed));
	return failed;
}

int mappings_start(const struct options *options)
{
	struct region *region = &mappings.place.region;
	int failed = choose(options);

	if (failed)
		return failed;
	failed = lay_out();
	if (failed)
		return failed;
	failed = calls_start(options, false, "mappings", small_pages);
	if (failed)
		goto drop;
	region->name = "mappings";
	region->owner = &mmap_owner;
	failed = registry_add(region);
	if (failed) {
		log_declined(small_pages, "mappings: their address range is already in use (%s)",
			     error_name(failed));
		goto stop;
	}
	mappings.threshold =
		options->mmap_threshold ? options->mmap_threshold : mappings.source.page_bytes;
	mappings.limit = options->mmap_limit;
	mappings.limit_is_given = options->mmap_limit;
	mappings.stacks = options->mmap_stacks;
	mappings.code = options->mmap_code;
	mappings.active = true;
	mappings_read_limit();
	calls_add_mapper(mmap_owner_map);
	libc_calls.watch = reservations_watch;
	return 0;
stop:
	calls_stop();
drop:
	placement_drop(&mappings.place);
	return failed;
}
