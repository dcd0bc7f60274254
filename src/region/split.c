/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splits huge pages into base pages: see split.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <layout.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "pages/executable.h"
#include "pages/first_touch.h"
#include "proc/memory_limit.h"
#include "region/exact.h"
#include "region/exchange.h"
#include "region/mempolicy.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/split.h"
#include "region/verify.h"

unsigned long split_count;

long split_map_aside(const struct region *region, size_t bytes)
{
	long aside = sys_mmap_aligned(bytes, region->page_bytes, PROT_READ | PROT_WRITE);

	/* One page fault for 2 MiB; the kernel splits the page if the program needs it split. */
	if (!SYS_IS_ERROR(aside) && region->source->thp)
		sys_madvise((uintptr_t)aside, bytes, MADV_HUGEPAGE);
	return aside;
}

static long map_file_copy(uintptr_t address, size_t bytes, int rights)
{
	long fd, mapped, failed;

	/* A sandboxed program may be killed for opening the file. */
	if (sys_sandboxed)
		return -EPERM;
	fd = executable_file(EXECUTABLE_TEXT);
	if (SYS_IS_ERROR(fd))
		return fd;
	failed =
		executable_copy((int)fd, (const unsigned char *)address, bytes, process_base_bytes);
	if (!failed) {
		mapped = sys_mmap(address, bytes, rights, MAP_PRIVATE | MAP_FIXED, (int)fd, 0);
		failed = SYS_IS_ERROR(mapped) ? mapped : 0;
	}
	sys_close((int)fd);
	return failed;
}

/*
 * Text becomes what it was before it moved to huge pages, a private mapping of a file: so it
 * responds to advice as before (emptied, it is read again), and stays executable under policies
 * that forbid executing memory that was written to. Other threads execute it meanwhile.
 */
static int text_make_small(struct region *region, size_t page, int rights)
{
	uintptr_t address = region_page_address(region, page);
	size_t bytes = region->page_bytes;
	int key = region->pages[page] >> PAGE_KEY_SHIFT;
	bool readable = rights & PROT_READ && !key; /* by this thread, whatever its protection
						     * keys */
	struct mempolicy policy;
	long failed = 0;

	mempolicy_read(address, &policy);
	if (!readable)
		failed = sys_mprotect_key(address, bytes, rights | PROT_READ, key, 0);
	if (failed)
		goto restore;
	failed = map_file_copy(address, bytes, rights);
	if (failed)
		goto restore;
	mempolicy_apply(&policy, address, bytes);
	if (key)
		failed = sys_mprotect_key(address, bytes, rights, key, key);
	if (!failed)
		return 0;
restore:
	if (!readable)
		sys_mprotect_key(address, bytes, rights, key, key);
	log_warning_once(LOG_TEXT_SPLIT, "%s: a huge page could not be split (%s)", region->name,
			 error_name(failed));
	return -ENOMEM;
}

void split_note_page(struct region *region, size_t page, bool altered)
{
	const uintptr_t address = region_page_address(region, page);
	const unsigned int state = region->pages[page];

	region_set_small(region, page, (unsigned char)(UNIT_MAPPED | (altered ? UNIT_ALTERED : 0)));
	if (state & PAGE_LOCKED)
		sys_call(SYS_mlock, address, region->page_bytes);
	if (state & PAGE_DONTFORK)
		sys_madvise(address, region->page_bytes, MADV_DONTFORK);
	if (state & PAGE_DONTDUMP)
		sys_madvise(address, region->page_bytes, MADV_DONTDUMP);
}

static void note_split(struct region *region, size_t page)
{
	split_note_page(region, page, true);
	split_count++;
}

/* The number of hugetlb pages in the same state from `page` on, before end; at most `most`. */
static size_t run_of_same(const struct region *region, size_t page, size_t end, size_t most)
{
	size_t run = page + 1;

	while (run < end && run - page < most && region->pages[run] == region->pages[page])
		run++;
	return run;
}

void split_warn_refused(const char *what, int error)
{
	log_warning_once(LOG_CALL_REFUSED,
			 "%s: part of a huge page cannot be changed (%s): the call fails with "
			 "ENOMEM (%s avoids such pages)",
			 what, exact_matter(error),
			 error == -EPERM || error == -EREMOTE ? "HUGETLB_EXACT=strict"
							      : "HUGETLB_MORECORE=thp");
}

/* Pages [page, end), all in the same state. */
static int split_data(struct region *region, size_t page, size_t end, const struct split *how)
{
	const unsigned int state = region->pages[page];
	const struct exchange exchange = {
		.address = region_page_address(region, page),
		.bytes = (end - page) * region->page_bytes,
		.page_bytes = region->page_bytes,
		.base_bytes = region->base_bytes,
		.rights = page_state_rights(state),
		.key = (int)(state >> PAGE_KEY_SHIFT),
		.thp = region->source->thp,
		.untouched = first_touch_is_known(),
		.sparse = how->sparse,
	};
	size_t done = 0;
	/* A filter may kill for opening a file. */
	int failed = sys_sandboxed || sys_is_filtered() || memory_limit_allows(exchange.bytes)
			     ? exchange_pages(&exchange, &done)
			     : -EDQUOT;

	for (; done; done -= region->page_bytes)
		note_split(region, page++);
	if (failed && !how->silent)
		split_warn_refused(region->name, failed);
	return failed ? -ENOMEM : 0;
}

static int split_text(struct region *region, size_t page, size_t end)
{
	int failed = 0;

	for (; !failed && page < end; page++) {
		if (region->owner && region->owner->split)
			failed = region->owner->split(region, page) ? -ENOMEM : 0;
		else
			failed = text_make_small(region, page,
						 page_state_rights(region->pages[page]));
		if (!failed)
			note_split(region, page);
	}
	return failed;
}

/* Splits the hugetlb pages of [page, end). */
static int split_run(struct region *region, size_t page, size_t end, const struct split *how)
{
	const size_t most = EXCHANGE_BYTES_MAX / region->page_bytes + 1;
	int failed = 0;

	for (size_t next; !failed && page < end; page = next) {
		next = run_of_same(region, page, end, most);
		if (!(region->pages[page] & PAGE_HUGE))
			continue;
		failed = region->text ? split_text(region, page, next)
				      : split_data(region, page, next, how);
	}
	return failed;
}

int split_range(struct region *region, uintptr_t from, uintptr_t to, const struct split *how)
{
	/* Unused address space can have a million pages, and a program may unmap all of it. */
	const uintptr_t end = to < region->high ? to : region->high;
	const size_t last = end > from ? region_page(region, end - 1) + 1 : 0;
	size_t page = region_page(region, from), next;
	int failed = 0;

	for (; !failed && page < last; page = next) {
		const uintptr_t address = region_page_address(region, page);
		const bool whole = from <= address && to >= address + region->page_bytes;

		next = page + 1;
		if (!(region->pages[page] & PAGE_HUGE) || (whole && !how->all))
			continue;
		if (how->all) {
			next = region_run(region, page, last, true);
			verify_range(region, address, region_page_address(region, next));
		} else if (!verify_page(region, page)) {
			continue;
		}
		failed = split_run(region, page, next, how);
	}
	return failed;
}

int split_pages(struct region *region, uintptr_t from, uintptr_t to, bool all)
{
	const struct split how = {.all = all};

	return split_range(region, from, to, &how);
}

int split_sparse(struct region *region, uintptr_t from, uintptr_t to)
{
	const struct split how = {.all = true, .sparse = true};

	return split_range(region, from, to, &how);
}

int split_page(struct region *region, size_t page)
{
	const struct split how = {.all = true};

	return split_run(region, page, page + 1, &how);
}
