/*
 * Base pages of the heap become huge: see collapse.h.
 */
#include <errno.h>

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

void collapse_units(const struct region *region, uintptr_t from, uintptr_t to)
{
	int failed = 0;

	/* mincore may be forbidden there */
	if (sys_sandboxed)
		return;
	for (; failed != -EAGAIN && failed != -EINVAL && failed != -ENOMEM && from < to;
	     from += region->unit_bytes)
		if (unit_is_on_base_pages(region, from) && unit_is_dense(region, from))
			failed = sys_madvise(from, region->unit_bytes, MADV_COLLAPSE);
}
