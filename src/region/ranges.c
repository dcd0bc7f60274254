/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges that may span several regions: see ranges.h.
 */
#include <errno.h>

#include "base/sys.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"
#include "region/unmapped.h"

/* The region, if `at` is on a hugetlb page, and that is to be refused: see ranges_refused(). */
static const struct region *refusing(uintptr_t at, uintptr_t from, uintptr_t to, bool whole)
{
	const struct region *region = registry_at(at);
	uintptr_t mask;

	if (!region || !region_huge_at(region, at))
		return NULL;
	mask = region->page_bytes - 1;
	return whole || (at & ~mask) < from || (at | mask) >= to ? region : NULL;
}

bool ranges_refused(uintptr_t address, size_t bytes, bool whole)
{
	const uintptr_t end = ranges_end(address, bytes);
	const struct region *region = refusing(address, address, end, whole);

	if (!region)
		region = refusing(end - 1, address, end, whole);
	if (region)
		split_warn_refused(region->name, -EDEADLK);
	return region;
}

bool ranges_run(uintptr_t address, size_t bytes, long (*function)(const long *arguments),
		const long *arguments, long *result)
{
	if (!ranges_touch(address, bytes) || !ranges_well_formed(address, bytes))
		return false;
	if (lock_run(function, arguments, result))
		return true;
	*result = -ENOMEM;
	return ranges_refused(address, bytes, false);
}

/* Before a call that changes [from, to): splits the hugetlb pages that it covers in part. */
long ranges_split(uintptr_t from, uintptr_t to, bool all)
{
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, to, &part))
		failed = split_pages(part.region, part.from, part.to, all);
	return failed;
}

/* The end of the part of [from, to) before the next hugetlb page that it covers in part. */
static uintptr_t end_before_part(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	for (uintptr_t at = from; registry_part(&at, to, &part);) {
		const uintptr_t mask = part.region->page_bytes - 1;

		if (part.from & mask && region_huge_at(part.region, part.from))
			return part.from;
		if (part.to & mask && region_huge_at(part.region, part.to - 1))
			return part.to & ~mask;
	}
	return to;
}

static long unmap_whole(uintptr_t from, uintptr_t to)
{
	long failed = sys_pass(SYS_munmap, from, (long)(to - from));

	if (!failed)
		ranges_note_unmapped(from, to);
	return failed;
}

/* [from, to) is a part of a hugetlb page that could not be split. */
static long unmap_part(uintptr_t from, uintptr_t to)
{
	struct region *region = registry_at(from);
	const uintptr_t page = region_page_address(region, region_page(region, from));

	/* Trying the split again logs why it fails. */
	if (!unmapped_add(region, from, to))
		return split_pages(region, from, to, false);
	if (!unmapped_contains(from, to))
		ranges_note_unmapped(page, page + region->page_bytes);
	return 0;
}

static uintptr_t page_end_above(uintptr_t address)
{
	const struct region *region = registry_at(address);

	return region_page_address(region, region_page(region, address) + 1);
}

long ranges_unmap(uintptr_t from, uintptr_t to)
{
	const struct split how = {.silent = true};
	struct region_part part;
	long failed = 0;

	for (uintptr_t at = from; !failed && registry_part(&at, to, &part);)
		failed = split_range(part.region, part.from, part.to, &how);
	if (!failed)
		return unmap_whole(from, to);
	for (failed = 0; !failed && from < to;) {
		uintptr_t end = end_before_part(from, to);

		if (end > from) {
			failed = unmap_whole(from, end);
		} else {
			end = page_end_above(from) < to ? page_end_above(from) : to;
			failed = unmap_part(from, end);
		}
		from = end;
	}
	return failed;
}

static void note_replaced(uintptr_t from, uintptr_t to, bool unmapped)
{
	struct region_part part;

	while (registry_part(&from, to, &part)) {
		const struct region_owner *owner = part.region->owner;

		page_state_replaced(part.region, part.from, part.to);
		unmapped_forget(part.from, part.to);
		if (owner && unmapped && owner->unmapped)
			owner->unmapped(part.region, part.from, part.to);
		else if (owner && !unmapped && owner->mapped)
			owner->mapped(part.region, part.from, part.to);
	}
}

/* After a call that unmapped [from, to). */
void ranges_note_unmapped(uintptr_t from, uintptr_t to)
{
	note_replaced(from, to, true);
}

/* After a call that mapped something at [from, to). */
void ranges_note_mapped(uintptr_t from, uintptr_t to)
{
	note_replaced(from, to, false);
}
