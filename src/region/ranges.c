/*
 * Ranges that may span several regions: see ranges.h.
 */
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"

/* Before a call that changes [from, to): what it covers of a hugetlb page in part becomes small. */
long ranges_split(uintptr_t from, uintptr_t to, bool all)
{
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, to, &part))
		failed = split_pages(part.region, part.from, part.to, all);
	return failed;
}

/* After a call that unmapped [from, to). */
void ranges_note_unmapped(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part)) {
		page_state_replaced(part.region, part.from, part.to);
		if (part.region->owner && part.region->owner->unmapped)
			part.region->owner->unmapped(part.region, part.from, part.to);
	}
}

/* After a call that mapped something at [from, to). */
void ranges_note_mapped(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part)) {
		page_state_replaced(part.region, part.from, part.to);
		if (part.region->owner && part.region->owner->mapped)
			part.region->owner->mapped(part.region, part.from, part.to);
	}
}
