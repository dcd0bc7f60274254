/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base pages of the heap become huge: see collapse.h.
 */
#include <errno.h>

#include "base/align.h"
#include "base/sys.h"
#include "heap/collapse.h"
#include "heap/policy.h"

/* A unit is at most 2 MiB, a base page at least 4 kB. */
#define UNIT_PAGES_MAX 512

static bool unit_is_dense(const struct region *region, uintptr_t address)
{
	unsigned char resident[UNIT_PAGES_MAX];
	const size_t pages = region->unit_bytes / region->base_bytes;
	size_t present = 0;

	if (pages > UNIT_PAGES_MAX || sys_mincore(address, region->unit_bytes, resident))
		return false;
	for (size_t i = 0; i < pages; i++)
		present += resident[i] & 1;
	return policy_is_dense(present, pages);
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
