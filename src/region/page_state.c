/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records what the program did to whole huge pages: see page_state.h.
 */
#include <layout.h>
#include <sys/mman.h>

#include "region/page_state.h"

int page_state_rights(unsigned int state)
{
	if (!(state & PAGE_PROTECTED))
		return PROT_READ | PROT_WRITE;
	return (state & PAGE_READ ? PROT_READ : 0) | (state & PAGE_WRITE ? PROT_WRITE : 0) |
	       (state & PAGE_EXEC ? PROT_EXEC : 0) | (state & PAGE_TEXT_RIGHT ? CPU_TEXT_RIGHT : 0);
}

/* Marks the small units of [from, to) as altered: only the kernel knows their state. */
static void mark_altered(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t i = region_unit(region, from); i <= region_unit(region, to - 1); i++)
		if (!region_huge_at(region, region_unit_address(region, i)) &&
		    region->units[i] & (UNIT_MAPPED | UNIT_USED))
			region->units[i] |= UNIT_ALTERED;
}

/* What was reserved there has been opened, or is gone. */
static void forget_reserved(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t page = region_page(region, from); page <= region_page(region, to - 1); page++)
		if (region->pages[page] & PAGE_RESERVED)
			region->pages[page] = 0;
}

void page_state_replaced(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t page = region_page(region, from); page <= region_page(region, to - 1); page++)
		if (region->pages[page] & PAGE_HUGE)
			region_set_small(region, page, UNIT_MAPPED | UNIT_ALTERED);
	forget_reserved(region, from, to);
	/* Also where nothing was recorded: the program has taken the address, so it must not be
	 * allocated. */
	for (size_t i = region_unit(region, from); i <= region_unit(region, to - 1); i++)
		region->units[i] |=
			region->units[i] & (UNIT_MAPPED | UNIT_USED) ? UNIT_ALTERED : UNIT_FOREIGN;
}

void page_state_reserved(struct region *region, uintptr_t from, uintptr_t to)
{
	size_t page = region_page(region, from + region->page_bytes - 1);
	size_t end = region_page(region, to);

	for (; page < end; page++)
		region->pages[page] = PAGE_RESERVED;
}

void page_state_registered(struct region *region, uintptr_t from, uintptr_t to)
{
	forget_reserved(region, from, to);
}

void page_state_protected(struct region *region, uintptr_t from, uintptr_t to, int protection,
			  int key)
{
	const unsigned int others = PAGE_DONTFORK | PAGE_DONTDUMP | PAGE_LOCKED | PAGE_INHERITED;
	const unsigned int rights = (protection & PROT_READ ? PAGE_READ : 0) |
				    (protection & PROT_WRITE ? PAGE_WRITE : 0) |
				    (protection & PROT_EXEC ? PAGE_EXEC : 0) |
				    (protection & CPU_TEXT_RIGHT ? PAGE_TEXT_RIGHT : 0);

	for (size_t page = region_page(region, from); page <= region_page(region, to - 1); page++)
		if (region->pages[page] & PAGE_HUGE) {
			unsigned int state = region->pages[page], of_key;

			of_key = key < 0 ? state >> PAGE_KEY_SHIFT : (unsigned int)key;
			state = (state & others) | PAGE_HUGE;
			if (rights != (PAGE_READ | PAGE_WRITE) || of_key)
				state |= PAGE_PROTECTED | rights | of_key << PAGE_KEY_SHIFT;
			region->pages[page] = (uint16_t)state;
		}
	if (protection != PROT_NONE)
		forget_reserved(region, from, to);
	mark_altered(region, from, to);
}

void page_state_locked(struct region *region, uintptr_t from, uintptr_t to, bool locked)
{
	size_t page = region_page(region, from + region->page_bytes - 1);
	size_t end = region_page(region, to);

	for (; page < end; page++)
		if (region->pages[page] & PAGE_HUGE)
			region->pages[page] = (uint16_t)((region->pages[page] & ~PAGE_LOCKED) |
							 (locked ? PAGE_LOCKED : 0));
	if (locked && from < to)
		forget_reserved(region, from, to);
	if (locked && from < to)
		page_state_marked(region, from, to);
}

uintptr_t page_state_unlocked_end(const struct region *region, uintptr_t from, uintptr_t to)
{
	while (from < to && !(region->pages[region_page(region, from)] & PAGE_LOCKED))
		from = region_page_address(region, region_page(region, from) + 1);
	return from < to ? from : to;
}

void page_state_marked(struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t i = region_unit(region, from); i <= region_unit(region, to - 1); i++)
		region->units[i] |= UNIT_MARKED;
}

void page_state_advised(struct region *region, uintptr_t from, uintptr_t to, int advice)
{
	unsigned char set = 0, clear = 0;

	if (advice == MADV_DONTFORK)
		set = PAGE_DONTFORK;
	else if (advice == MADV_DOFORK)
		clear = PAGE_DONTFORK;
	else if (advice == MADV_DONTDUMP)
		set = PAGE_DONTDUMP;
	else if (advice == MADV_DODUMP)
		clear = PAGE_DONTDUMP;
	for (size_t page = region_page(region, from); page <= region_page(region, to - 1); page++)
		if (region->pages[page] & PAGE_HUGE)
			region->pages[page] = (uint16_t)((region->pages[page] | set) & ~clear);
	forget_reserved(region, from, to);
	mark_altered(region, from, to);
	page_state_marked(region, from, to);
}
