/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Thread arenas and large blocks: see zone.h.
 *
 * State is written in an order such that a signal or a fork in between can lose address space, but
 * never hand out the same memory twice.
 */
#include <errno.h>
#include <string.h>

#include "base/align.h"
#include "base/sys.h"
#include "heap/collapse.h"
#include "heap/policy.h"
#include "heap/zone.h"
#include "pages/buddy.h"
#include "region/registry.h"

/*
 * An arena opens in steps of 128 KiB. The first pages are added one by one, because a program may
 * have many small arenas; later steps take a quarter of what the arena has, and more if the zone
 * has much, because a hugetlb mapping never merges with its neighbour and the number of mappings is
 * limited.
 */
#define ARENA_STEP_SHARE 4
#define ZONE_STEP_SHARE  512

/* The tail of a block stays on small pages if it is at most this share of a huge page. */
#define TAIL_SHARE 8

static size_t units_of(const struct zone *zone, size_t bytes)
{
	return units_for(bytes, zone->region.unit_bytes);
}

static bool unit_is_free(const struct zone *zone, size_t unit)
{
	return !(zone->region.units[unit] & (UNIT_USED | UNIT_ALTERED | UNIT_FOREIGN));
}

int zone_start(struct zone *zone, uintptr_t start, uintptr_t limit, struct source *source)
{
	zone->used_units = zone->first_free = 0;
	return region_make_growing(&zone->region, start, limit, source);
}

/*
 * The first run of `units` free units at a multiple of `step` units; SIZE_MAX: none. Reads one byte
 * per unit from the first free one on, 32 kB for 64 GB in use, which takes as long as the system
 * calls that follow.
 */
static size_t find_run(const struct zone *zone, size_t units, size_t step)
{
	size_t all = (zone->region.limit - zone->region.start) / zone->region.unit_bytes;
	size_t at = units_for(zone->first_free, step) * step;

	while (units <= all && at <= all - units) {
		size_t i = at + units;

		/* From the end: after a unit that is in use, the search continues behind it. */
		while (i > at && unit_is_free(zone, i - 1))
			i--;
		if (i == at)
			return at;
		at = units_for(i, step) * step;
	}
	return SIZE_MAX;
}

static int grow_zone(struct zone *zone, size_t units)
{
	uintptr_t limit = region_next_limit(&zone->region, units * zone->region.unit_bytes);

	return limit ? registry_grow(&zone->region, limit) : -ENOMEM;
}

/* The same; the region may grow for it. */
static size_t find_or_make_run(struct zone *zone, size_t units, size_t step)
{
	size_t unit = find_run(zone, units, step);

	if (unit == SIZE_MAX && !grow_zone(zone, units + step))
		unit = find_run(zone, units, step);
	return unit;
}

static void take_run(struct zone *zone, size_t unit, size_t units)
{
	struct region *region = &zone->region;

	region_use(region, region_unit_address(region, unit),
		   region_unit_address(region, unit + units));
	region->units[unit] |= UNIT_FIRST;
	zone->used_units += units;
	if (unit == zone->first_free)
		zone->first_free = unit + units;
}

uintptr_t zone_reserve(struct zone *zone, size_t bytes, size_t alignment)
{
	size_t units = units_of(zone, bytes);
	size_t unit = find_or_make_run(zone, units, alignment / zone->region.unit_bytes);

	if (unit == SIZE_MAX)
		return 0;
	take_run(zone, unit, units);
	return region_unit_address(&zone->region, unit);
}

/* The end of the reservation that contains the unit. */
static size_t reservation_end(const struct zone *zone, size_t unit)
{
	size_t all = (zone->region.limit - zone->region.start) / zone->region.unit_bytes;

	do
		unit++;
	while (unit < all && (zone->region.units[unit] & (UNIT_USED | UNIT_FIRST)) == UNIT_USED);
	return unit;
}

static size_t reservation_first(const struct zone *zone, size_t unit)
{
	while (unit > 0 && !(zone->region.units[unit] & UNIT_FIRST))
		unit--;
	return unit;
}

/* Where to stop opening an arena that needs everything up to `to`: see ARENA_STEP_SHARE. */
static uintptr_t step_end(const struct zone *zone, uintptr_t from, uintptr_t to)
{
	const struct region *region = &zone->region;
	size_t first = reservation_first(zone, region_unit(region, from));
	size_t end = reservation_end(zone, region_unit(region, from));
	size_t open = 0, step, stop;

	for (size_t i = first; i < end; i++)
		open += !!(region->units[i] & UNIT_MAPPED);
	step = open / ARENA_STEP_SHARE;
	if (step < zone->used_units / ZONE_STEP_SHARE)
		step = zone->used_units / ZONE_STEP_SHARE;
	stop = region_unit(region, from) + step;
	if (stop > end)
		stop = end;
	return region_unit_address(region, stop) > to ? region_unit_address(region, stop) : to;
}

/*
 * Makes [from, to) accessible again where libc closed an arena's end by a mapping of its own (with
 * vm.overcommit_memory=2 it does): only the kernel knows what is there, and it is empty.
 */
static int open_altered(const struct region *region, uintptr_t from, uintptr_t to)
{
	while (from < to) {
		size_t unit = region_unit(region, from);
		uintptr_t stop = region_unit_address(region, unit + 1);
		long failed = 0;

		if (stop > to)
			stop = to;
		if (region->units[unit] & UNIT_ALTERED)
			failed = sys_mprotect(from, stop - from, PROT_READ | PROT_WRITE);
		if (failed)
			return (int)failed;
		from = stop;
	}
	return 0;
}

static uintptr_t arena_start(const struct zone *zone, uintptr_t address)
{
	const struct region *region = &zone->region;

	return region_unit_address(region, reservation_first(zone, region_unit(region, address)));
}

/*
 * Maps [from, to) of an arena: on base pages while policy.h says so. When the arena outgrows them,
 * its base pages become huge, too.
 */
static int map_arena(struct zone *zone, uintptr_t from, uintptr_t to)
{
	struct region *region = &zone->region;
	const size_t page_bytes = region->page_bytes;

	if (zone->adaptive) {
		const uintptr_t start = arena_start(zone, from);
		const size_t bytes = to - start;

		collapse_allow(region, start, from);
		if (!policy_arena_is_huge(bytes, page_bytes))
			return region_map_small(region, from, to, false);
		/* again at each step, of which there are few; pages that are already huge are
		 * skipped */
		if (policy_arena_collapses(bytes, page_bytes))
			collapse_units(region, start, from);
	}
	return region_map(region, from, to, step_end(zone, from, to));
}

int zone_commit(struct zone *zone, uintptr_t from, size_t bytes)
{
	struct region *region = &zone->region;
	uintptr_t first = align_down(from, region->unit_bytes);
	uintptr_t end = align_up(from + bytes, region->unit_bytes);
	bool mapped = true;
	int failed;

	for (size_t i = region_unit(region, first); i < region_unit(region, end); i++)
		mapped = mapped && (region->units[i] & (UNIT_MAPPED | UNIT_DIRTY | UNIT_ALTERED)) ==
					   UNIT_MAPPED;
	if (mapped)
		return 0;
	failed = map_arena(zone, first, end);
	if (!failed)
		failed = region_clear_dirty(region, first, end);
	if (!failed)
		failed = open_altered(region, from, from + bytes);
	return failed ? -ENOMEM : 0;
}

bool zone_ends_at(const struct zone *zone, uintptr_t from, uintptr_t to)
{
	const struct region *region = &zone->region;
	size_t unit = region_unit(region, from);

	return from == region_unit_address(region, unit) && region->units[unit] & UNIT_USED &&
	       reservation_end(zone, unit) == unit + units_of(zone, to - from);
}

void zone_release(struct zone *zone, uintptr_t from, size_t bytes)
{
	struct region *region = &zone->region;
	size_t unit = region_unit(region, from), end = unit + units_of(zone, bytes);
	size_t own_end = reservation_end(zone, unit);

	if (end > own_end)
		end = own_end;
	zone->used_units -= end - unit;
	region_unuse(region, region_unit_address(region, unit), region_unit_address(region, end));
	region_give_back(region, region_unit_address(region, unit),
			 region_unit_address(region, end));
	if (unit < zone->first_free)
		zone->first_free = unit;
}

/* How many bytes at a block's end stay on small pages: see TAIL_SHARE. */
static size_t tail_bytes(const struct zone *zone, size_t bytes)
{
	const struct region *region = &zone->region;
	size_t tail = bytes % region->unit_bytes;

	if (zone->adaptive)
		return policy_block_tail(bytes, region->unit_bytes);
	if (!region->source->hugetlb || region->unit_bytes != region->page_bytes ||
	    bytes < region->unit_bytes || tail > region->unit_bytes / TAIL_SHARE)
		return 0;
	return tail;
}

/*
 * Under auto a block's pages are allocated on first touch, because a program may never use most of
 * it: so they are transparent huge pages if the kernel has free ones, otherwise the pool's.
 */
static int map_block(struct zone *zone, uintptr_t from, uintptr_t to)
{
	struct region *region = &zone->region;

	if (zone->adaptive && region->source->thp &&
	    buddy_has(to - from, region->unit_bytes, region->base_bytes))
		return region_map_small(region, from, to, true);
	return region_map(region, from, to, to);
}

int zone_fill_block(struct zone *zone, uintptr_t from, size_t bytes)
{
	struct region *region = &zone->region;
	size_t tail = tail_bytes(zone, bytes);
	uintptr_t end = from + (tail ? bytes - tail : units_of(zone, bytes) * region->unit_bytes);
	int failed = map_block(zone, from, end);

	if (!failed && tail && !(region->units[region_unit(region, end)] & UNIT_MAPPED))
		failed = region_map_small(region, end, end + region->unit_bytes, false);
	if (!failed)
		failed = region_clear_dirty(region, from,
					    from + units_of(zone, bytes) * region->unit_bytes);
	return failed ? -ENOMEM : 0;
}

/*
 * The size of a block's tail that is on small pages by choice: if the block grows, it must not stay
 * so in the middle of it. 0: none.
 */
static size_t small_end_bytes(const struct zone *zone, uintptr_t from, size_t bytes)
{
	size_t tail = tail_bytes(zone, bytes);

	return tail && !region_huge_at(&zone->region, from + bytes - tail) ? tail : 0;
}

/* Grows a block into the free units after it. */
static int grow_in_place(struct zone *zone, uintptr_t from, size_t bytes, size_t new_bytes)
{
	struct region *region = &zone->region;
	size_t unit = region_unit(region, from);
	size_t old_end = unit + units_of(zone, bytes), new_end = unit + units_of(zone, new_bytes);

	if (region_unit_address(region, new_end) > region->limit &&
	    grow_zone(zone, new_end - old_end))
		return -ENOMEM;
	if (small_end_bytes(zone, from, bytes) &&
	    (new_end > old_end || !tail_bytes(zone, new_bytes)))
		return -ENOMEM;
	for (size_t i = old_end; i < new_end; i++)
		if (!unit_is_free(zone, i))
			return -ENOMEM;
	/* zone_fill_block() handles what is dirty or unmapped after the old end. */
	region_use(region, region_unit_address(region, old_end),
		   region_unit_address(region, new_end));
	zone->used_units += new_end - old_end;
	if (!zone_fill_block(zone, from, new_bytes))
		return 0;
	if (new_end > old_end)
		zone_release(zone, region_unit_address(region, old_end),
			     (new_end - old_end) * region->unit_bytes);
	return -ENOMEM;
}

/*
 * Moves whole huge pages [from, from + bytes) to `to`, which is reserved and bare, in runs as long
 * as the kernel accepts (one mapping per run). Returns how many bytes were moved.
 */
static size_t move_pages(struct zone *zone, uintptr_t from, uintptr_t to, size_t bytes)
{
	struct region *region = &zone->region;
	size_t moved = 0, run;

	while (moved < bytes) {
		size_t page = region_page(region, from + moved);
		size_t same = (region_run(region, page, region_page(region, from + bytes),
					  region_huge_at(region, from + moved)) -
			       page) *
			      region->page_bytes;

		/* A single page that cannot be moved: the caller copies it. */
		run = sys_move(from + moved, to + moved, same, region->page_bytes, 0, false);
		if (!run)
			break;
		for (size_t i = 0; i < run / region->page_bytes; i++) {
			size_t old = region_page(region, from + moved) + i;
			size_t new = region_page(region, to + moved) + i;

			region->pages[new] = region->pages[old];
			region->units[new] = (unsigned char)(region->units[new] |
							     (region->units[old] &
							      (UNIT_MAPPED | UNIT_ALTERED)));
			region->pages[old] = 0;
			region->units[old] &= (unsigned char)~(UNIT_MAPPED | UNIT_ALTERED);
		}
		moved += run;
	}
	return moved;
}

/*
 * Reserves [to, to + bytes) with an empty mapping first, because a move replaces whatever is there:
 * another library may have mapped something in the zone.
 */
static int hold_place(struct region *region, uintptr_t to, size_t bytes)
{
	int failed = sys_mmap_at(to, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				 -1, 0);

	if (failed != -EEXIST)
		return failed;
	for (size_t i = region_unit(region, to); i < region_unit(region, to + bytes); i++)
		region->units[i] |= UNIT_FOREIGN;
	return -EEXIST;
}

/* Moves as many of a block's pages to `to` as can be moved; the space after them is bare then. */
static int move_what_moves(struct zone *zone, uintptr_t from, uintptr_t to, size_t bytes,
			   size_t *moved)
{
	int failed = hold_place(&zone->region, to, bytes);

	if (failed)
		return failed;
	*moved = move_pages(zone, from, to, bytes);
	if (*moved < bytes)
		sys_munmap(to + *moved, bytes - *moved);
	return 0;
}

/* Moves a block to a new place: by page tables if a unit is a page, otherwise by copying. */
static long move_block(struct zone *zone, uintptr_t from, size_t bytes, size_t new_bytes)
{
	struct region *region = &zone->region;
	/* A small tail is not moved: its content is copied to the huge page that replaces it. */
	size_t small_end = small_end_bytes(zone, from, bytes);
	size_t whole = small_end ? bytes - small_end : units_of(zone, bytes) * region->unit_bytes;
	size_t moved = 0;
	uintptr_t to, end;
	/* A block that grew once will grow again: leave space for it, which is only address
	 * space. */
	size_t unit = find_or_make_run(zone, 2 * units_of(zone, new_bytes), 1);

	if (unit == SIZE_MAX)
		unit = find_or_make_run(zone, units_of(zone, new_bytes), 1);
	if (unit == SIZE_MAX)
		return -ENOMEM;
	take_run(zone, unit, units_of(zone, new_bytes));
	to = region_unit_address(region, unit);
	end = region_unit_address(region, unit + units_of(zone, new_bytes));
	/* The new part first: if it is not available, nothing has moved yet. */
	if (!region_map(region, to + whole, end, end) &&
	    (region->unit_bytes != region->page_bytes ||
	     !move_what_moves(zone, from, to, whole, &moved))) {
		if (!zone_fill_block(zone, to, new_bytes)) {
			if (moved < bytes)
				memcpy((void *)(to + moved), (void *)(from + moved), bytes - moved);
			zone_release(zone, from, bytes);
			return (long)to;
		}
		/* Moves the pages back. */
		move_pages(zone, to, from, moved);
	}
	zone_release(zone, to, new_bytes);
	return -ENOMEM;
}

long zone_remap_block(struct zone *zone, uintptr_t from, size_t bytes, size_t new_bytes,
		      bool may_move)
{
	struct region *region = &zone->region;
	size_t unit = region_unit(region, from);
	size_t units = units_of(zone, bytes), new_units = units_of(zone, new_bytes);

	/* Parts without access cannot be copied. libc then makes a new block, as without the
	 * library. */
	for (size_t i = unit; i < unit + units; i++)
		if (region->units[i] & UNIT_ALTERED ||
		    region->pages[region_page(region, region_unit_address(region, i))] &
			    PAGE_PROTECTED)
			return -ENOMEM;
	if (new_units < units) {
		zone_release(zone, from + new_units * region->unit_bytes,
			     (units - new_units) * region->unit_bytes);
		return (long)from;
	}
	if (!grow_in_place(zone, from, bytes, new_bytes))
		return (long)from;
	return may_move ? move_block(zone, from, bytes, new_bytes) : -ENOMEM;
}
