/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where mappings on huge pages go: see placement.h.
 */
#include <errno.h>
#include <string.h>

#include "base/align.h"
#include "base/sys.h"
#include "mmap/placement.h"
#include "region/bit_runs.h"
#include "region/registry.h"

static size_t page_units(const struct placement *place)
{
	return place->region.page_bytes / place->region.unit_bytes;
}

static size_t all_units(const struct placement *place)
{
	return (place->region.limit - place->region.start) / place->region.unit_bytes;
}

/*
 * Allocates the maps for that many units, and copies those of `old`, if there are any; these stay.
 * Returns 0 or -ENOMEM.
 */
static int map_maps(struct placement *place, size_t units, const struct placement *old)
{
	const size_t pages = units / page_units(place);
	const size_t bits = units * place->words * sizeof(uint64_t);
	const size_t bits_before = old->units.slots * place->words * sizeof(uint64_t);
	const size_t bytes = 2 * bits + free_runs_bytes(units) + free_runs_bytes(pages);
	long mapped =
		sys_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *runs;

	if (SYS_IS_ERROR(mapped))
		return -ENOMEM;
	runs = (unsigned char *)mapped + 2 * bits;
	place->used = (uint64_t *)mapped;
	place->there = (uint64_t *)((unsigned char *)mapped + bits);
	place->maps_bytes = bytes;
	if (!old->used) {
		free_runs_begin(&place->units, units, runs);
		free_runs_begin(&place->pages, pages, runs + free_runs_bytes(units));
		return 0;
	}
	memcpy(place->used, old->used, bits_before);
	memcpy(place->there, old->there, bits_before);
	free_runs_extend(&place->units, units, runs, &old->units);
	free_runs_extend(&place->pages, pages, runs + free_runs_bytes(units), &old->pages);
	return 0;
}

/* Extends the region for a run of that many units. False: there is no space, or no memory for the
 * maps. */
static bool grow(struct placement *place, size_t units)
{
	const struct placement old = *place;
	struct region *region = &place->region;
	uintptr_t limit = region_next_limit(region, units * region->unit_bytes);

	if (!limit || map_maps(place, (limit - region->start) / region->unit_bytes, &old))
		return false;
	if (!registry_grow(region, limit)) {
		sys_munmap((uintptr_t)old.used, old.maps_bytes);
		return true;
	}
	sys_munmap((uintptr_t)place->used, place->maps_bytes);
	*place = old;
	return false;
}

int placement_start(struct placement *place, uintptr_t start, uintptr_t behind,
		    struct source *source)
{
	const struct placement none = {0};
	int failed;

	*place = none;
	place->idle = SIZE_MAX;
	failed = region_make_growing(&place->region, start, behind, source);
	if (failed)
		return failed;
	for (int i = 0; i < PLACEMENT_PACKS; i++)
		place->packs[i].unit = SIZE_MAX;
	place->words = (place->region.unit_bytes / place->region.base_bytes + 63) / 64;
	failed = map_maps(place, all_units(place), &none);
	if (failed)
		region_drop(&place->region);
	return failed;
}

void placement_drop(struct placement *place)
{
	if (place->used)
		sys_munmap((uintptr_t)place->used, place->maps_bytes);
	place->used = place->there = NULL;
	region_drop(&place->region);
}

static size_t page_bit(const struct placement *place, uintptr_t address)
{
	const struct region *region = &place->region;
	size_t unit = region_unit(region, address);

	return unit * place->words * 64 +
	       (address - region_unit_address(region, unit)) / region->base_bytes;
}

/* Sets or clears the bits of [from, to) of one map. */
static void set_bits(const struct placement *place, uint64_t *map, uintptr_t from, uintptr_t to,
		     bool on)
{
	while (from < to) {
		size_t bit = page_bit(place, from);
		uint64_t mask = (uint64_t)1 << bit % 64;

		if (bit % 64 == 0 && to - from >= 64 * place->region.base_bytes &&
		    place->region.unit_bytes / place->region.base_bytes >= 64) {
			map[bit / 64] = on ? UINT64_MAX : 0;
			from += 64 * place->region.base_bytes;
			continue;
		}
		map[bit / 64] = on ? map[bit / 64] | mask : map[bit / 64] & ~mask;
		from += place->region.base_bytes;
	}
}

static bool has_bits(const struct placement *place, const uint64_t *map, uintptr_t from,
		     uintptr_t to)
{
	const struct region *region = &place->region;

	while (from < to) {
		size_t bit = page_bit(place, from), unit = region_unit(region, from);
		size_t left = (region_unit_address(region, unit + 1) - from) / region->base_bytes;
		uint64_t word = map[bit / 64] >> bit % 64;
		size_t clear = word ? (size_t)__builtin_ctzll(word) : 64 - bit % 64;

		if (!clear)
			return true;
		from += (clear < left ? clear : left) * region->base_bytes;
	}
	return false;
}

static bool unit_is_empty(const struct placement *place, size_t unit)
{
	for (size_t i = 0; i < place->words; i++)
		if (place->used[unit * place->words + i])
			return false;
	return true;
}

static size_t find_run_there(const struct placement *place, size_t units)
{
	const size_t step = page_units(place);
	size_t page;

	if (step == 1 || units < step)
		return free_runs_find(&place->units, units);
	page = free_runs_find(&place->pages, units_for(units, step));
	return page == SIZE_MAX ? SIZE_MAX : page * step;
}

/* A free run of that many units, in whole pages if it has at least one; SIZE_MAX: none. */
static size_t find_run(struct placement *place, size_t units)
{
	size_t unit = find_run_there(place, units);

	return unit == SIZE_MAX && grow(place, units) ? find_run_there(place, units) : unit;
}

static bool page_is_free(const struct placement *place, size_t page)
{
	const size_t step = page_units(place);

	for (size_t i = page * step; i < (page + 1) * step; i++)
		if (place->region.units[i])
			return false;
	return true;
}

/* Marks the units of [unit, end) as taken, or as free (their content is dropped). */
static void take_units(struct placement *place, size_t unit, size_t end)
{
	struct region *region = &place->region;
	const size_t step = page_units(place);

	region_use(region, region_unit_address(region, unit), region_unit_address(region, end));
	free_runs_take(&place->units, unit, end);
	if (step > 1)
		free_runs_take(&place->pages, unit / step, units_for(end, step));
}

static void release_units(struct placement *place, size_t unit, size_t end)
{
	const size_t step = page_units(place);

	free_runs_release(&place->units, unit, end);
	for (size_t page = unit / step; step > 1 && page * step < end; page++)
		if (page_is_free(place, page))
			free_runs_release(&place->pages, page, page + 1);
}

static bool run_is_free(const struct placement *place, size_t unit, size_t units)
{
	if (unit + units > all_units(place))
		return false;
	for (size_t i = unit; i < unit + units; i++)
		if (place->region.units[i])
			return false;
	return true;
}

uintptr_t placement_take(struct placement *place, size_t bytes, uintptr_t wanted)
{
	struct region *region = &place->region;
	size_t units = units_for(bytes, region->unit_bytes);
	size_t step = bytes < region->page_bytes ? 1 : page_units(place);
	size_t unit;
	uintptr_t at;

	if (!wanted) {
		unit = find_run(place, units);
		if (unit == SIZE_MAX)
			return 0;
	} else {
		unit = region_unit(region, wanted);
		if (wanted != region_unit_address(region, unit) || unit % step ||
		    !run_is_free(place, unit, units))
			return 0;
	}
	at = region_unit_address(region, unit);
	take_units(place, unit, unit + units);
	set_bits(place, place->used, at, at + bytes, true);
	return at;
}

/*
 * Finds space for that many small pages in a packed unit, at a multiple of step; with ready, only
 * where memory is mapped, which is zero then. SIZE_MAX: none. *any: there is space, but not at a
 * multiple.
 */
static size_t find_in_unit(const struct placement *place, size_t unit, size_t count, size_t step,
			   bool ready, bool *any)
{
	const size_t pages = place->region.unit_bytes / place->region.base_bytes;
	const uint64_t *used = place->used + unit * place->words;
	const uint64_t *there = place->there + unit * place->words;
	uint64_t free[UNIT_WORDS_MAX];
	size_t found;

	for (size_t i = 0; i < place->words; i++)
		free[i] = ~used[i] & (ready ? there[i] : UINT64_MAX);
	if (pages % 64)
		free[place->words - 1] &= ((uint64_t)1 << pages % 64) - 1;
	found = bit_runs_find(free, place->words, count, step);
	*any = false;
	for (size_t i = 0; i < place->words; i++)
		*any = *any || free[i];
	return found;
}

/* Finds space for bytes in one of the packed units; memory that was never used costs no call. 0:
 * none. */
static uintptr_t find_in_packs(struct placement *place, size_t bytes)
{
	const size_t base = place->region.base_bytes;
	const size_t count = bytes / base, step = (bytes & -bytes) / base;
	bool any;

	for (struct placement_pack *pack = place->packs; pack < place->packs + PLACEMENT_PACKS;
	     pack++) {
		size_t page, ready;

		if (pack->unit == SIZE_MAX || count >= pack->too_many)
			continue;
		page = find_in_unit(place, pack->unit, count, step, false, &any);
		if (!any)
			pack->too_many = count;
		if (page == SIZE_MAX)
			continue;
		ready = find_in_unit(place, pack->unit, count, step, true, &any);
		return region_unit_address(&place->region, pack->unit) +
		       (ready == SIZE_MAX ? page : ready) * base;
	}
	return 0;
}

/* Maps the part of [from, to) that was unmapped. */
static bool map_again(struct placement *place, uintptr_t from, uintptr_t to)
{
	const size_t base = place->region.base_bytes;

	while (from < to) {
		uintptr_t end = from + base;
		bool there = has_bits(place, place->there, from, end);

		while (end < to && has_bits(place, place->there, end, end + base) == there)
			end += base;
		if (!there && source_map_small(place->region.source, from, end - from))
			return false;
		set_bits(place, place->there, from, end, true);
		from = end;
	}
	return true;
}

/* The unit has more space than recorded. */
static void remember_pack(struct placement *place, size_t unit)
{
	struct placement_pack *pack = place->packs;

	while (pack < place->packs + PLACEMENT_PACKS && pack->unit != unit)
		pack++;
	if (pack == place->packs + PLACEMENT_PACKS)
		pack = &place->packs[place->next_pack++ % PLACEMENT_PACKS];
	*pack = (struct placement_pack){unit, SIZE_MAX};
}

static void forget_pack(struct placement *place, size_t unit)
{
	for (int i = 0; i < PLACEMENT_PACKS; i++)
		if (place->packs[i].unit == unit)
			place->packs[i].unit = SIZE_MAX;
}

/* Adds a packed unit. False: no space, or no memory. */
static bool add_pack(struct placement *place, size_t *unit)
{
	struct region *region = &place->region;
	uintptr_t at;

	*unit = find_run(place, 1);
	if (*unit == SIZE_MAX)
		return false;
	at = region_unit_address(region, *unit);
	if (source_map_small(region->source, at, region->unit_bytes))
		return false;
	take_units(place, *unit, *unit + 1);
	region->units[*unit] |= UNIT_MAPPED | UNIT_ALTERED | UNIT_PACKED;
	set_bits(place, place->there, at, at + region->unit_bytes, true);
	remember_pack(place, *unit);
	return true;
}

uintptr_t placement_pack(struct placement *place, size_t bytes)
{
	uintptr_t at = find_in_packs(place, bytes);
	size_t unit;

	if (!at) {
		if (!add_pack(place, &unit))
			return 0;
		at = region_unit_address(&place->region, unit);
	}
	if (!map_again(place, at, at + bytes))
		return 0;
	set_bits(place, place->used, at, at + bytes, true);
	if (place->idle == region_unit(&place->region, at))
		place->idle = SIZE_MAX;
	return at;
}

void placement_share(struct placement *place, uintptr_t address)
{
	size_t unit = region_unit(&place->region, address);
	uintptr_t at = region_unit_address(&place->region, unit);

	place->region.units[unit] |= UNIT_MAPPED | UNIT_ALTERED | UNIT_PACKED;
	set_bits(place, place->there, at, at + place->region.unit_bytes, true);
	remember_pack(place, unit);
}

bool placement_is_unused(const struct placement *place, uintptr_t from, uintptr_t to)
{
	return !has_bits(place, place->used, from, to);
}

void placement_used(struct placement *place, uintptr_t from, uintptr_t to)
{
	struct region *region = &place->region;

	take_units(place, region_unit(region, from), region_unit(region, to - 1) + 1);
	for (size_t i = region_unit(region, from); i <= region_unit(region, to - 1); i++)
		region->units[i] =
			(unsigned char)((region->units[i] & (UNIT_PACKED | UNIT_MARKED)) |
					UNIT_USED | UNIT_MAPPED |
					(region_huge_at(region, region_unit_address(region, i))
						 ? 0
						 : UNIT_ALTERED));
	set_bits(place, place->used, from, to, true);
	set_bits(place, place->there, from, to, true);
}

/*
 * The program uses nothing of the unit: unmaps whatever is left. False: that failed, and the unit
 * stays taken.
 */
static bool clear_unit(struct placement *place, size_t unit)
{
	struct region *region = &place->region;
	uintptr_t at = region_unit_address(region, unit);

	if (region->units[unit] & UNIT_PACKED &&
	    has_bits(place, place->there, at, at + region->unit_bytes) &&
	    sys_munmap(at, region->unit_bytes))
		return false;
	forget_pack(place, unit);
	if (place->idle == unit)
		place->idle = SIZE_MAX;
	set_bits(place, place->there, at, at + region->unit_bytes, false);
	region->units[unit] = 0;
	if (!region_huge_at(region, at))
		region->pages[region_page(region, at)] = 0;
	return true;
}

/*
 * One empty packed unit stays mapped, as long as some of it was never used: otherwise a program
 * that maps and unmaps a small piece repeatedly would have a huge page cleared each time.
 */
static bool stays_idle(struct placement *place, size_t unit)
{
	const struct region *region = &place->region;
	uintptr_t at = region_unit_address(region, unit);

	if (place->idle != SIZE_MAX || !(region->units[unit] & UNIT_PACKED) ||
	    region_huge_at(region, at) ||
	    !has_bits(place, place->there, at, at + region->unit_bytes))
		return false;
	place->idle = unit;
	remember_pack(place, unit);
	return true;
}

void placement_unused(struct placement *place, uintptr_t from, uintptr_t to)
{
	struct region *region = &place->region;
	size_t unit = region_unit(region, from), end = region_unit(region, to - 1) + 1;

	set_bits(place, place->used, from, to, false);
	set_bits(place, place->there, from, to, false);
	while (unit < end) {
		size_t run = unit;

		while (run < end && unit_is_empty(place, run) && !stays_idle(place, run) &&
		       clear_unit(place, run))
			run++;
		release_units(place, unit, run);
		if (run < end && region->units[run] & UNIT_PACKED)
			remember_pack(place, run);
		unit = run + 1;
	}
}
