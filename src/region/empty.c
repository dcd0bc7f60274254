/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Emptying pages: see empty.h.
 */
#include <string.h>

#include "base/sys.h"
#include "pages/move.h"
#include "region/empty.h"
#include "region/mempolicy.h"
#include "region/page_state.h"
#include "region/split.h"
#include "region/verify.h"

/*
 * Returns the hugetlb pages [page, end), all in the same state, to the pool: empty base pages
 * replace them in one step. False: nothing has changed.
 */
static bool give_back(struct region *region, size_t page, size_t end)
{
	const unsigned int state = region->pages[page];
	const uintptr_t address = region_page_address(region, page);
	const size_t bytes = (end - page) * region->page_bytes;
	struct mempolicy policy;
	long at;
	int failed;

	if (state >> PAGE_KEY_SHIFT)
		return false;
	at = sys_mmap(0, bytes, page_state_rights(state), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (SYS_IS_ERROR(at))
		return false;
	mempolicy_read(address, &policy);
	mempolicy_apply(&policy, (uintptr_t)at, bytes);
	if (region->source->thp)
		sys_madvise((uintptr_t)at, bytes, MADV_HUGEPAGE);
	failed = move_over((uintptr_t)at, bytes, address, page_state_rights(state), 0);
	if (failed)
		sys_munmap((uintptr_t)at, bytes);
	if (failed < 0)
		return false;
	for (; page < end; page++)
		split_note_page(region, page, state & ~(PAGE_HUGE | PAGE_INHERITED));
	return true;
}

/* Empties a run of whole pages; pages up to `last` may be taken together. Returns its end, or 0. */
static size_t give_back_run(struct region *region, size_t page, size_t last)
{
	size_t end = page + 1;

	while (end < last && region->pages[end] == region->pages[page])
		end++;
	return give_back(region, page, end) ? end : 0;
}

/* Clears a part of a page that the program may write to. Bytes that are zero are not written
 * again. */
static void clear(uintptr_t from, uintptr_t to, size_t base_bytes)
{
	static const unsigned char zeroes[256];

	for (uintptr_t end; from < to; from = end) {
		end = from + base_bytes < to ? from + base_bytes : to;
		for (uintptr_t at = from; at < end; at += sizeof(zeroes))
			if (memcmp((const void *)at, zeroes, sizeof(zeroes))) {
				memset((void *)at, 0, end - at);
				break;
			}
	}
}

/* Empties a part of a page that the library may not write to: it is split into base pages, which
 * keep their protection while they are emptied. */
static int empty_protected(struct region *region, size_t page, uintptr_t from, uintptr_t to)
{
	int failed = split_page(region, page);

	return failed ? failed : (int)sys_pass(SYS_madvise, from, (long)(to - from), MADV_DONTNEED);
}

int empty_pages(struct region *region, uintptr_t from, uintptr_t to)
{
	int failed = 0;

	if (from < to)
		verify_range(region, from, to);
	for (uintptr_t stop; !failed && from < to; from = stop) {
		const size_t page = region_page(region, from), last = region_page(region, to);
		const uintptr_t address = region_page_address(region, page);
		const uintptr_t end = address + region->page_bytes;
		const bool whole = from == address && to >= end;
		size_t given;

		stop = to < end ? to : end;
		if (!(region->pages[page] & PAGE_HUGE)) {
			/* The program has unmapped this part: return the kernel's error. */
			stop = region_page_address(
				region,
				region_run(region, page, region_page(region, to - 1) + 1, false));
			if (stop > to)
				stop = to;
			failed = (int)sys_pass(SYS_madvise, from, (long)(stop - from),
					       MADV_DONTNEED);
		} else if (region->text) {
			/* Text would be read again from its file, with the same content. */
		} else if (whole && (given = give_back_run(region, page, last))) {
			stop = region_page_address(region, given);
		} else if (region->pages[page] & PAGE_PROTECTED) {
			failed = empty_protected(region, page, from, stop);
		} else {
			clear(from, stop, region->base_bytes);
		}
	}
	return failed;
}
