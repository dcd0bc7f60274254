/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hugetlb pages that were never touched: see untouched.h.
 */
#include "pages/first_touch.h"
#include "region/registry.h"
#include "region/split.h"
#include "region/untouched.h"

static bool is_untouched(const struct region *region, size_t page)
{
	return region->pages[page] & PAGE_HUGE && !region->text &&
	       first_touch_awaited(region_page_address(region, page));
}

void untouched_replace(struct region *region, uintptr_t from, uintptr_t to)
{
	const struct split how = {.all = true, .silent = true};
	const uintptr_t high = to < region->high ? to : region->high;
	const size_t end = high > from ? region_page(region, high - 1) + 1 : 0;
	size_t run;

	for (size_t page = region_page(region, from); page < end; page = run + 1) {
		for (run = page; run < end && is_untouched(region, run); run++)
			;
		if (run > page && split_range(region, region_page_address(region, page),
					      region_page_address(region, run), &how))
			return;
	}
}

void untouched_replace_all(void)
{
	struct region *region;

	for (region = registry_first(); region; region = registry_next(region))
		if (region->source->hugetlb && !region->may_go)
			untouched_replace(region, region->start, region->limit);
}
