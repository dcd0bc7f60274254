/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pages that a fork's child would lose: see fork_pages.h.
 */
#include <string.h>
#include <sys/mman.h>

#include "calls/fork_pages.h"
#include "calls/state.h"
#include "pages/first_touch.h"
#include "pages/sparse.h"
#include "region/page_state.h"
#include "region/registry.h"

/* Bits that do not matter here: locks are not inherited, and a page without a reservation is like
 * others. */
#define DIFFERENCES (0xffffu & ~(PAGE_LOCKED | PAGE_INHERITED))

static bool is_visited(const struct region *region, enum fork_walk walk, size_t page)
{
	const unsigned int state = region->pages[page];

	if (!(state & PAGE_HUGE) || state & (PAGE_DONTFORK | PAGE_NEEDED))
		return false;
	return walk != FORK_AT_RISK || state & PAGE_INHERITED ||
	       (region->data && libc_calls.fork != FORK_COW);
}

static bool has_pages_of(const struct region *region, enum fork_walk walk)
{
	if (region->may_go)
		return false;
	return walk == FORK_SEGMENTS ? region->data : !region->running;
}

bool fork_next_run(const struct region *region, enum fork_walk walk, size_t *page, size_t *count)
{
	/* Nothing above that was ever touched, so it need not be visited. */
	size_t end = region_page(region, region->high + region->page_bytes - 1);
	size_t run;

	if (!has_pages_of(region, walk))
		end = *page;
	while (*page < end && !is_visited(region, walk, *page))
		++*page;
	for (run = *page; run < end && is_visited(region, walk, run); run++)
		if ((region->pages[run] ^ region->pages[*page]) & DIFFERENCES)
			break;
	*count = run - *page;
	return *count > 0;
}

bool fork_next_used(const struct region *region, size_t *unit, size_t end, size_t *count)
{
	size_t run;

	while (*unit < end && !(region->units[*unit] & UNIT_USED))
		++*unit;
	for (run = *unit; run < end && region->units[run] & UNIT_USED; run++)
		;
	*count = run - *unit;
	return *count > 0;
}

size_t fork_used_bytes(const struct region *region, size_t unit, size_t bytes)
{
	const uintptr_t from = region_unit_address(region, unit);
	uintptr_t end;

	if (!region->owner || !region->owner->used_end)
		return bytes;
	end = region->owner->used_end(region);
	if (end <= from)
		return 0;
	return end - from < bytes ? end - from : bytes;
}

static void add_to_extent(struct fork_extent *extent, const struct region *region, size_t bytes)
{
	extent->page_bytes += bytes;
	extent->runs++;
	if (!extent->name)
		extent->name = region->name;
	else if (region->name && strcmp(extent->name, region->name))
		extent->name = "memory";
	if (!extent->largest || region->page_bytes > extent->largest->page_bytes)
		extent->largest = region;
	for (int i = 0; i < FORK_PAGE_SIZES; i++)
		if (!extent->by_size[i].size || extent->by_size[i].size == region->page_bytes) {
			extent->by_size[i].size = region->page_bytes;
			extent->by_size[i].bytes += bytes;
			break;
		}
}

static void measure_region(struct fork_extent *extent, const struct region *region,
			   enum fork_walk walk)
{
	size_t page_units = region->page_bytes / region->unit_bytes;
	size_t page = 0, count;

	for (; fork_next_run(region, walk, &page, &count); page += count) {
		size_t unit = page * page_units, end = (page + count) * page_units, units;

		add_to_extent(extent, region, count * region->page_bytes);
		for (; fork_next_used(region, &unit, end, &units); unit += units) {
			const size_t used =
				fork_used_bytes(region, unit, units * region->unit_bytes);

			extent->used_bytes += used;
			extent->data_bytes += region->data ? used : 0;
			extent->runs++;
		}
	}
}

struct fork_extent fork_measure(enum fork_walk walk)
{
	struct fork_extent extent = {0};
	const struct region *region;

	for (region = registry_first(); region; region = registry_next(region))
		measure_region(&extent, region, walk);
	return extent;
}

bool fork_may_read(unsigned int state)
{
	return page_state_rights(state) & PROT_READ && !(state >> PAGE_KEY_SHIFT);
}

/* What nobody has touched is zero, and reading it would populate it on this thread's node. */
static size_t content_of_page(const struct region *region, size_t unit, size_t units)
{
	const uintptr_t from = region_unit_address(region, unit);
	const size_t used = fork_used_bytes(region, unit, units * region->unit_bytes);

	if (!fork_may_read(region->pages[region_page(region, from)]))
		return used;
	if (first_touch_is_known() && first_touch_awaited(from))
		return 0;
	return sparse_bytes(from, used, region->base_bytes);
}

static size_t content_of_run(const struct region *region, size_t page, size_t count)
{
	const size_t page_units = region->page_bytes / region->unit_bytes;
	size_t total = 0;

	for (const size_t end = page + count; page < end; page++) {
		const size_t after = (page + 1) * page_units;
		size_t unit = page * page_units, units;

		for (; fork_next_used(region, &unit, after, &units); unit += units)
			total += content_of_page(region, unit, units);
	}
	return total;
}

size_t fork_content_bytes(enum fork_walk walk)
{
	const struct region *region;
	size_t bytes = 0;

	for (region = registry_first(); region; region = registry_next(region)) {
		size_t page = 0, count;

		for (; fork_next_run(region, walk, &page, &count); page += count)
			bytes += content_of_run(region, page, count);
	}
	return bytes;
}
