/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base pages of the heap become huge: see collapse.h.
 */
#include <errno.h>

#include "base/align.h"
#include "base/sys.h"
#include "heap/collapse.h"
#include "heap/policy.h"
#include "region/process.h"

/* A unit is at most 2 MiB, a base page at least 4 kB. */
#define UNIT_PAGES_MAX 512

/* How many of these pages, at most UNIT_PAGES_MAX, are in memory; 0 if some are not mapped. */
static size_t resident_pages(uintptr_t address, size_t pages, size_t base_bytes)
{
	unsigned char resident[UNIT_PAGES_MAX];
	size_t present = 0;

	if (pages > UNIT_PAGES_MAX || sys_mincore(address, pages * base_bytes, resident))
		return 0;
	for (size_t i = 0; i < pages; i++)
		present += resident[i] & 1;
	return present;
}

static bool unit_is_dense(const struct region *region, uintptr_t address)
{
	const size_t pages = region->unit_bytes / region->base_bytes;

	return policy_is_dense(resident_pages(address, pages, region->base_bytes), pages);
}

size_t collapse_resident(uintptr_t from, uintptr_t to)
{
	const size_t base_bytes = process_base_bytes;
	size_t bytes = 0;

	for (; !sys_sandboxed && from < to; from += UNIT_PAGES_MAX * base_bytes) {
		const size_t pages = (to - from) / base_bytes;

		bytes += base_bytes *
			 resident_pages(from, pages < UNIT_PAGES_MAX ? pages : UNIT_PAGES_MAX,
					base_bytes);
	}
	return bytes;
}

void collapse_allow(const struct region *region, uintptr_t from, uintptr_t to)
{
	if (!region->source->thp_unasked)
		return;
	if (from < to - 2 * region->page_bytes)
		from = to - 2 * region->page_bytes;
	if (from < to)
		sys_madvise(from, to - from, MADV_HUGEPAGE);
}

static bool unit_is_on_base_pages(const struct region *region, uintptr_t address)
{
	return (region->units[region_unit(region, address)] & (UNIT_MAPPED | UNIT_ALTERED)) ==
		       UNIT_MAPPED &&
	       !region_huge_at(region, address);
}

/* Returns 0, or -errno if it is useless to continue. */
static int collapse_unit(const struct region *region, uintptr_t address)
{
	int failed = 0;

	if (unit_is_dense(region, address))
		failed = sys_madvise(address, region->unit_bytes, MADV_COLLAPSE);
	return failed == -EAGAIN || failed == -EINVAL || failed == -ENOMEM ? failed : 0;
}

void collapse_units(const struct region *region, uintptr_t from, uintptr_t to)
{
	int failed = 0;

	/* mincore may be forbidden in a sandbox */
	for (; !sys_sandboxed && !failed && from < to; from += region->unit_bytes)
		if (unit_is_on_base_pages(region, from))
			failed = collapse_unit(region, from);
}

void collapse_range(const struct region *region, uintptr_t from, uintptr_t to)
{
	const size_t bytes = region->unit_bytes;
	int failed = 0;

	for (from = align_up(from, bytes); !sys_sandboxed && !failed && from + bytes <= to;
	     from += bytes)
		failed = collapse_unit(region, from);
}
