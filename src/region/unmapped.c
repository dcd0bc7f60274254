/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of hugetlb pages that the program has unmapped: see unmapped.h.
 */
#include <string.h>

#include "base/sys.h"
#include "region/page_state.h"
#include "region/unmapped.h"

static struct part {
	uintptr_t from, to;
} parts[UNMAPPED_PARTS_MAX];

static size_t part_count;

static void remove_part(size_t i)
{
	parts[i] = parts[--part_count];
}

/* Adds a part and joins it with the parts of its page that it touches. False: the table is full. */
static bool join(struct part *part, uintptr_t page, uintptr_t page_end)
{
	for (size_t i = 0; i < part_count; i++) {
		if (parts[i].from > part->to || parts[i].to < part->from || parts[i].from < page ||
		    parts[i].to > page_end)
			continue;
		if (parts[i].from < part->from)
			part->from = parts[i].from;
		if (parts[i].to > part->to)
			part->to = parts[i].to;
		remove_part(i);
		i = (size_t)-1; /* the joined part may touch earlier ones */
	}
	if (part_count == UNMAPPED_PARTS_MAX)
		return false;
	parts[part_count++] = *part;
	return true;
}

bool unmapped_add(struct region *region, uintptr_t from, uintptr_t to)
{
	const uintptr_t page = region_page_address(region, region_page(region, from));
	const uintptr_t page_end = page + region->page_bytes;
	struct part part = {from, to};

	if (region->pages[region_page(region, from)] & PAGE_PROTECTED ||
	    !join(&part, page, page_end))
		return false;
	memset((void *)from, 0, to - from);
	if (part.from == page && part.to == page_end &&
	    !sys_pass(SYS_munmap, page, region->page_bytes)) {
		unmapped_forget(page, page_end);
		page_state_replaced(region, page, page_end);
	}
	return true;
}

bool unmapped_contains(uintptr_t from, uintptr_t to)
{
	for (size_t i = 0; i < part_count; i++)
		if (parts[i].from <= from && parts[i].to >= to)
			return true;
	return false;
}

void unmapped_forget(uintptr_t from, uintptr_t to)
{
	for (size_t i = 0; i < part_count; i++) {
		struct part *part = &parts[i];

		if (part->from >= to || part->to <= from)
			continue;
		if (part->from < from && part->to > to && part_count < UNMAPPED_PARTS_MAX)
			parts[part_count++] = (struct part){to, part->to};
		if (part->from < from)
			part->to = from;
		else if (part->to > to)
			part->from = to;
		else
			remove_part(i--);
	}
}
