/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A range of address space that a feature owns: see region.h.
 *
 * Makes no system calls but mmap, munmap and those of source.c. On failure everything that was in
 * use stays unchanged.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "base/align.h"
#include "base/aside.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "pages/pool.h"
#include "pages/select.h"
#include "proc/confinement.h"
#include "region/region.h"

/* Units of at most 2 MiB: an arena of 64 MiB can start on any multiple of one. */
#define UNIT_BYTES_MAX ((size_t)2 << 20)

static size_t unit_bytes_of(const struct source *source)
{
	return source->page_bytes < UNIT_BYTES_MAX ? source->page_bytes : UNIT_BYTES_MAX;
}

/* A state for each page, followed by one for each unit. */
size_t region_state_bytes(size_t bytes, const struct source *source)
{
	return bytes / source->page_bytes * sizeof(((struct region *)0)->pages[0]) +
	       bytes / unit_bytes_of(source);
}

void region_make_in(struct region *region, uintptr_t start, uintptr_t limit, struct source *source,
		    unsigned char *states)
{
	uint16_t *pages = (uint16_t *)states;

	*region = (struct region){
		.start = start,
		.limit = limit,
		.room = limit,
		.behind = limit,
		.page_bytes = source->page_bytes,
		.unit_bytes = unit_bytes_of(source),
		.base_bytes = getauxval(AT_PAGESZ),
		.high = start,
		.pages = pages,
		.units = (unsigned char *)(pages + (limit - start) / source->page_bytes),
		.source = source,
	};
}

static int make_with(struct region *region, uintptr_t start, uintptr_t limit, struct source *source,
		     long states)
{
	if (SYS_IS_ERROR(states))
		return (int)states;
	region_make_in(region, start, limit, source, (unsigned char *)states);
	region->mapped_states = (unsigned char *)states;
	region->mapped_state_bytes = region_state_bytes(limit - start, source);
	return 0;
}

/* Only the states of pages in use are ever touched, so no memory needs to be reserved. */
int region_make(struct region *region, uintptr_t start, uintptr_t limit, struct source *source)
{
	return make_with(region, start, limit, source,
			 sys_mmap(0, region_state_bytes(limit - start, source),
				  PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

/*
 * A region that grows lies in the lower fifteen sixteenths of its room; the states of everything
 * that it may become lie above that, far from what the kernel maps next to the room's end.
 */
#define ROOM_PARTS 16

/* The minimum number of units that a region begins with; a room of that size or less need not grow,
 * because the states of all of it take only a few small pages. */
#define UNITS_AT_FIRST ((size_t)512)
#define UNITS_AT_ONCE  ((size_t)16384)

static size_t whole_base_pages(const struct region *region, size_t bytes)
{
	return align_up(bytes, region->base_bytes);
}

/* Maps the part of [from, to) that begins on a small page. */
static int map_states(const struct region *region, const void *from, const void *to)
{
	uintptr_t first = whole_base_pages(region, (uintptr_t)from);
	uintptr_t end = whole_base_pages(region, (uintptr_t)to);

	if (first >= end)
		return 0;
	return sys_mmap_at(first, end - first, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0)
		       ? -ENOMEM
		       : 0;
}

/* Maps the states between the region's limit and the new one: both tables, or nothing. */
static int map_more_states(const struct region *region, uintptr_t limit)
{
	const size_t page = region_page(region, region->limit);
	const size_t unit = region_unit(region, region->limit);
	uintptr_t first = whole_base_pages(region, (uintptr_t)(region->pages + page));
	uint16_t *pages_end = region->pages + region_page(region, limit);
	uintptr_t end = whole_base_pages(region, (uintptr_t)pages_end);
	int failed = map_states(region, region->pages + page, pages_end);

	if (failed)
		return failed;
	failed = map_states(region, region->units + unit,
			    region->units + region_unit(region, limit));
	if (failed && end > first)
		sys_munmap(first, end - first);
	return failed;
}

int region_make_growing(struct region *region, uintptr_t start, uintptr_t behind,
			struct source *source)
{
	const size_t first = UNITS_AT_FIRST * unit_bytes_of(source) > source->page_bytes
				     ? UNITS_AT_FIRST * unit_bytes_of(source)
				     : source->page_bytes;
	uintptr_t room = start + ((behind - start) / ROOM_PARTS * (ROOM_PARTS - 1) &
				  ~(uintptr_t)(source->page_bytes - 1));
	int failed;

	if ((behind - start) / unit_bytes_of(source) <= UNITS_AT_ONCE || room - start <= first)
		return region_make(region, start, behind, source);
	region_make_in(region, start, room, source, (unsigned char *)room);
	region->units = (unsigned char *)whole_base_pages(
		region, (uintptr_t)(region->pages + region_page(region, room)));
	region->behind = behind;
	region->limit = start;
	region->grows = true;
	failed = region_grow(region, start + first);
	if (failed)
		*region = (struct region){0};
	return failed;
}

uintptr_t region_next_limit(const struct region *region, size_t bytes)
{
	const size_t now = region->limit - region->start;

	if (bytes > region->room - region->limit)
		return 0;
	if (now > region->room - region->limit)
		return region->room;
	return region->limit + (bytes > now ? align_up(bytes, region->page_bytes) : now);
}

int region_grow(struct region *region, uintptr_t limit)
{
	int failed = map_more_states(region, limit);

	if (!failed)
		region->limit = limit;
	return failed ? -ENOMEM : 0;
}

int region_make_aside(struct region *region, uintptr_t start, uintptr_t limit,
		      struct source *source)
{
	return make_with(region, start, limit, source,
			 aside_map(region_state_bytes(limit - start, source), MAP_NORESERVE));
}

void region_take_states(struct region *region, const struct region *wide)
{
	memcpy(wide->pages, region->pages,
	       region_page(region, region->limit) * sizeof(region->pages[0]));
	memcpy(wide->units, region->units, region_unit(region, region->limit));
	region->pages = wide->pages;
	region->units = wide->units;
	region->mapped_states = wide->mapped_states;
	region->mapped_state_bytes = wide->mapped_state_bytes;
	region->room = wide->room;
	region->behind = wide->behind;
	region->grows = wide->grows;
	region->limit = wide->limit;
}

/* Unmaps the states of everything that the region has grown to. */
static void unmap_states(const struct region *region)
{
	const size_t pages = region_page(region, region->limit);
	const size_t units = region_unit(region, region->limit);

	sys_munmap((uintptr_t)region->pages,
		   whole_base_pages(region, pages * sizeof(region->pages[0])));
	sys_munmap((uintptr_t)region->units, whole_base_pages(region, units));
}

void region_drop(struct region *region)
{
	if (region->grows)
		unmap_states(region);
	else if (region->mapped_states)
		sys_munmap((uintptr_t)region->mapped_states, region->mapped_state_bytes);
	*region = (struct region){0};
}

void region_shrink(struct region *region, uintptr_t start, uintptr_t limit)
{
	region->pages += region_page(region, start);
	region->units += region_unit(region, start);
	region->start = start;
	region->limit = limit;
	if (region->high < start)
		region->high = start;
	if (region->high > limit)
		region->high = limit;
}

/* Nothing is mapped in the unit, and the program is not known to have anything there. */
static bool unit_is_bare(const struct region *region, size_t unit)
{
	return !(region->units[unit] & (UNIT_MAPPED | UNIT_ALTERED | UNIT_FOREIGN));
}

static bool page_is_bare(const struct region *region, size_t page)
{
	size_t units = region->page_bytes / region->unit_bytes;

	for (size_t i = page * units; i < (page + 1) * units; i++)
		if (!unit_is_bare(region, i))
			return false;
	return true;
}

static bool page_is_unused(const struct region *region, size_t page)
{
	size_t units = region->page_bytes / region->unit_bytes;

	for (size_t i = page * units; i < (page + 1) * units; i++)
		if (region->units[i] & UNIT_USED)
			return false;
	return true;
}

static void page_set_huge(struct region *region, size_t page)
{
	size_t units = region->page_bytes / region->unit_bytes;

	region->pages[page] = PAGE_HUGE;
	for (size_t i = page * units; i < (page + 1) * units; i++)
		region->units[i] |= UNIT_MAPPED;
}

void region_set_small(struct region *region, size_t page, unsigned char unit_flags)
{
	size_t units = region->page_bytes / region->unit_bytes;

	region->pages[page] = 0;
	for (size_t i = page * units; i < (page + 1) * units; i++)
		region->units[i] =
			(unsigned char)((region->units[i] &
					 (UNIT_USED | UNIT_FIRST | UNIT_MARKED | UNIT_PACKED)) |
					unit_flags);
}

size_t region_run(const struct region *region, size_t page, size_t end, bool huge)
{
	while (page < end && !!(region->pages[page] & PAGE_HUGE) == huge)
		page++;
	return page;
}

/* Allocates hugetlb pages for the bare pages from `page` on; returns how many. */
static size_t map_huge_run(struct region *region, size_t page, size_t end, size_t *wanted)
{
	size_t got, run = page;

	while (run < end && page_is_bare(region, run))
		run++;
	*wanted = run - page;
	if (!*wanted)
		return 0;
	got = source_map_huge(region->source, region_page_address(region, page), *wanted);
	for (size_t i = page; i < page + got; i++)
		page_set_huge(region, i);
	return got;
}

/* Is the program's own limit short rather than the pool, as far as that can be determined? */
static bool is_address_space_limited(const struct source *source)
{
	return source->last_error == -ENOMEM && !sys_sandboxed &&
	       sys_limit(RLIMIT_AS) != UINT64_MAX && !pool_is_empty(source->page_bytes);
}

/* A security module has refused them: false where none confines this process. */
static bool __attribute__((noinline)) report_denial(const struct region *region)
{
	const struct source *source = region->source;
	char policy[160];

	if (source->last_error != -EACCES || sys_sandboxed ||
	    !confinement_describe(policy, sizeof(policy)))
		return false;
	log_warning_once(LOG_POLICY,
			 "%s: a security policy forbids huge pages of %lu kB (%s): the %s is on %s "
			 "pages",
			 region->name, (unsigned long)(source->page_bytes >> 10), policy,
			 region->name, source->thp ? "transparent huge" : "small");
	return true;
}

static void __attribute__((noinline)) report_shortage(const struct region *region)
{
	struct source *source = region->source;

	if (!source->last_error || source->last_error == -EEXIST)
		return;
	select_short(region->name, source);
	if (source->quiet || report_denial(region))
		return;
	if (is_address_space_limited(source))
		log_warning_once(LOG_ADDRESS_SPACE,
				 "%s: the limit on address space (ulimit -v) allows no more huge "
				 "pages of %lu kB: the rest of the %s is on %s pages",
				 region->name, (unsigned long)(source->page_bytes >> 10),
				 region->name, source->thp ? "transparent huge" : "small");
	else
		log_warning_once(
			LOG_POOL_SHORT,
			"%s: not enough huge pages of %lu kB (%s): the rest of the %s is on %s "
			"pages until there are more",
			region->name, (unsigned long)(source->page_bytes >> 10),
			error_name(source->last_error), region->name,
			source->thp ? "transparent huge" : "small");
}

static void raise_high(struct region *region, uintptr_t to)
{
	if (to > region->high)
		region->high = to < region->limit ? to : region->limit;
}

static int map_from(struct region *region, struct source *source, uintptr_t from, uintptr_t to,
		    uintptr_t wanted)
{
	size_t unit = region_unit(region, from), end = region_unit(region, to);
	size_t page_units = region->page_bytes / region->unit_bytes;
	bool huge = source->hugetlb && !region->transparent_left;

	if (wanted < to)
		wanted = to;
	raise_high(region, wanted);
	while (unit < end) {
		size_t run, asked;
		int failed;

		if (region->units[unit] & UNIT_FOREIGN)
			return -ENOMEM;
		if (region->units[unit] & (UNIT_MAPPED | UNIT_ALTERED)) {
			unit++;
			continue;
		}
		if (huge) {
			/* A page that begins before `from` can only be bare as a whole. */
			size_t page = unit / page_units;
			size_t last = units_for(wanted - region->start, region->page_bytes);
			size_t got = map_huge_run(region, page, last, &asked);

			/* One try for each growth: if pages are short now, they are short for the
			 * rest, too. */
			if (got < asked) {
				huge = false;
				report_shortage(region);
			}
			if (got)
				continue;
		}
		for (run = unit; run < end && unit_is_bare(region, run); run++)
			if (huge && run > unit && run % page_units == 0 &&
			    page_is_bare(region, run / page_units))
				break;
		failed = source_map_small(source, region_unit_address(region, unit),
					  (run - unit) * region->unit_bytes);
		/* A foreign mapping is here: this place is not tried again. */
		for (; (!failed || failed == -EEXIST) && unit < run; unit++)
			region->units[unit] |= failed ? UNIT_FOREIGN : UNIT_MAPPED;
		if (failed)
			return -ENOMEM;
	}
	region->transparent_left -=
		to - from < region->transparent_left ? to - from : region->transparent_left;
	return 0;
}

int region_map(struct region *region, uintptr_t from, uintptr_t to, uintptr_t wanted)
{
	return map_from(region, region->source, from, to, wanted);
}

int region_map_small(struct region *region, uintptr_t from, uintptr_t to, bool thp)
{
	struct source base = *region->source;

	base.hugetlb = false;
	base.thp = thp;
	return map_from(region, &base, from, to, to);
}

void region_adopt_huge(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t i = region_page(region, from); i < region_page(region, to); i++)
		page_set_huge(region, i);
	for (size_t i = region_unit(region, from); i < region_unit(region, to); i++)
		region->units[i] &= (unsigned char)~(UNIT_ALTERED | UNIT_FOREIGN | UNIT_DIRTY);
	region_use(region, from, to);
}

void region_use(struct region *region, uintptr_t from, uintptr_t to)
{
	raise_high(region, to);
	for (size_t i = region_unit(region, from); i < region_unit(region, to); i++)
		region->units[i] |= UNIT_USED;
}

void region_unuse(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t i = region_unit(region, from); i < region_unit(region, to); i++) {
		unsigned char state = region->units[i];

		state &= (unsigned char)~(UNIT_USED | UNIT_FIRST);
		if (state & UNIT_MAPPED)
			state |= UNIT_DIRTY;
		region->units[i] = state;
	}
}

int region_clear_dirty(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t i = region_unit(region, from); i < region_unit(region, to); i++) {
		uintptr_t address = region_unit_address(region, i);
		int failed = 0;

		if (!(region->units[i] & UNIT_DIRTY))
			continue;
		if (region->units[i] & UNIT_ALTERED)
			failed = region_renew_small(region, address, address + region->unit_bytes);
		else
			memset((void *)address, 0, region->unit_bytes);
		if (failed)
			return failed;
		region->units[i] &= (unsigned char)~UNIT_DIRTY;
	}
	return 0;
}

/*
 * Unmaps [unit, end) and clears its states. If the kernel refuses (the split would exceed the limit
 * of mappings), the states stay unchanged.
 */
static void unmap_units(struct region *region, size_t unit, size_t end)
{
	size_t page_units = region->page_bytes / region->unit_bytes;

	if (sys_munmap(region_unit_address(region, unit), (end - unit) * region->unit_bytes))
		return;
	for (size_t i = unit; i < end; i++) {
		region->pages[i / page_units] = 0;
		region->units[i] = 0;
	}
}

/* Unmaps the small units of [unit, end) that are not in use, in as few calls as possible. */
static void give_back_small(struct region *region, size_t unit, size_t end)
{
	while (unit < end) {
		size_t run = unit;

		while (run < end && !(region->units[run] & (UNIT_USED | UNIT_FOREIGN)) &&
		       region->units[run] & (UNIT_MAPPED | UNIT_ALTERED))
			run++;
		if (run > unit)
			unmap_units(region, unit, run);
		else
			run++;
		unit = run;
	}
}

void region_give_back(struct region *region, uintptr_t from, uintptr_t to)
{
	size_t page_units = region->page_bytes / region->unit_bytes;
	size_t page = region_page(region, from);
	size_t end = units_for(to - region->start, region->page_bytes);

	while (page < end) {
		size_t run = page;

		while (run < end && region->pages[run] & PAGE_HUGE && page_is_unused(region, run))
			run++;
		if (run > page) {
			unmap_units(region, page * page_units, run * page_units);
		} else {
			run = region_run(region, page, end, false);
			give_back_small(region, page * page_units, run * page_units);
			if (run == page)
				run++; /* a hugetlb page with a unit in use */
		}
		page = run;
	}
}

int region_renew_small(struct region *region, uintptr_t from, uintptr_t to)
{
	size_t unit = region_unit(region, from), end = region_unit(region, to);
	long failed = sys_mmap(from, to - from, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (SYS_IS_ERROR(failed))
		return (int)failed;
	if (region->source->thp)
		sys_madvise(from, to - from, MADV_HUGEPAGE);
	for (; unit < end; unit++) {
		region->pages[unit / (region->page_bytes / region->unit_bytes)] = 0;
		region->units[unit] =
			(unsigned char)((region->units[unit] & (UNIT_USED | UNIT_FIRST)) |
					UNIT_MAPPED);
	}
	return 0;
}
