/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the kernel whether pages are still the library's hugetlb pages: see verify.h.
 *
 * PROCMAP_QUERY (Linux 6.11) reports a mapping's page size, protection and whether it is shared:
 * 0.5 us per mapping. Without it, errors of mremap and madvise distinguish a hugetlb page from
 * other memory, and MADV_POPULATE_* (5.14) or the text of /proc/self/maps shows its protection.
 */
#include <errno.h>
#include <fcntl.h>
#include <layout.h>

#include "base/sys.h"
#include "pages/first_touch.h"
#include "proc/maps.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/verify.h"

#define RIGHTS (PROT_READ | PROT_WRITE | PROT_EXEC)

/* An open /proc/thread-self/maps, or -1 if it may not be opened. A descriptor from before a fork
 * would answer for the parent, so each query opens its own. */
static int open_maps(void)
{
	long fd;

	if (sys_sandboxed || sys_is_filtered())
		return -1;
	fd = sys_open("/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
	return SYS_IS_ERROR(fd) ? -1 : (int)fd;
}

/*
 * By errors only. mremap without a change fails with EINVAL within a hugetlb page and with EFAULT
 * in a hole, and succeeds elsewhere; before Linux 5.16 it succeeds everywhere. MADV_COLD fails with
 * EINVAL on hugetlb pages and on locked memory, and with ENOMEM in a hole.
 */
static bool refuses_parts(uintptr_t address, size_t bytes)
{
	long within = (long)(address + process_base_bytes);
	long answer = sys_call(SYS_mremap, within, process_base_bytes, process_base_bytes);
	int cold;

	/* other errors, from a filter, prove nothing: then the record is trusted */
	if (answer != within)
		return answer != -EFAULT;
	cold = sys_madvise(address, bytes, MADV_COLD);
	return cold && cold != -ENOMEM;
}

static bool may(uintptr_t address, size_t bytes, int populate)
{
	return sys_madvise(address, bytes, populate) != -EINVAL;
}

static void record_rights(struct region *region, size_t page, int rights)
{
	const int recorded = page_state_rights(region->pages[page]);
	const uintptr_t address = region_page_address(region, page);

	if ((recorded & RIGHTS) == rights)
		return;
	page_state_protected(region, address, address + region->page_bytes,
			     rights | (recorded & CPU_TEXT_RIGHT), -1);
}

static void record_replaced(struct region *region, size_t page)
{
	const uintptr_t address = region_page_address(region, page);

	page_state_replaced(region, address, address + region->page_bytes);
}

/* Before Linux 5.14, and for pages that were never touched, the text of /proc/self/maps shows the
 * protection; it is read once for all pages. */
static struct {
	struct maps maps;
	struct smaps_mapping mapping;
	bool open;
} text;

static void read_rights(struct region *region, size_t page)
{
	const uintptr_t address = region_page_address(region, page);

	if (!text.open) {
		if (sys_is_filtered() || maps_open(&text.maps, false))
			return;
		text.open = true;
		text.mapping.end = 0;
	}
	if (text.mapping.end <= address && !maps_above(&text.maps, address, &text.mapping))
		return;
	if (text.mapping.start > address)
		return;
	record_rights(region, page,
		      (text.mapping.rights[0] == 'r' ? PROT_READ : 0) |
			      (text.mapping.rights[1] == 'w' ? PROT_WRITE : 0) |
			      (text.mapping.rights[2] == 'x' ? PROT_EXEC : 0));
}

static void close_text(void)
{
	if (text.open)
		maps_close(&text.maps);
	text.open = false;
}

static void verify_by_errors(struct region *region, size_t page)
{
	const uintptr_t address = region_page_address(region, page);
	int rights = page_state_rights(region->pages[page]) & PROT_EXEC;

	if (!refuses_parts(address, region->page_bytes)) {
		record_replaced(region, page);
		return;
	}
	if (sys_sandboxed || region->text)
		return;
	/* populating would choose the node of what the program has not touched yet */
	if (!region->source->populate_write ||
	    (first_touch_used && first_touch_awaited(address))) {
		read_rights(region, page);
		return;
	}
	if (may(address, region->page_bytes, MADV_POPULATE_READ))
		rights |= PROT_READ;
	if (may(address, region->page_bytes, MADV_POPULATE_WRITE))
		rights |= PROT_WRITE;
	record_rights(region, page, rights);
}

static bool is_ours(const struct region *region, uintptr_t address, const struct maps_query *found)
{
	return found->start <= address && found->end >= address + region->page_bytes &&
	       found->page_bytes == region->page_bytes && !(found->flags & MAPS_QUERY_SHARED);
}

static int rights_of(const struct maps_query *found)
{
	return (found->flags & MAPS_QUERY_READABLE ? PROT_READ : 0) |
	       (found->flags & MAPS_QUERY_WRITABLE ? PROT_WRITE : 0) |
	       (found->flags & MAPS_QUERY_EXECUTABLE ? PROT_EXEC : 0);
}

static void close_maps(int fd)
{
	if (fd >= 0)
		sys_close(fd);
	close_text();
}

/* Verifies the recorded hugetlb pages of [page, end). */
static void verify_pages(int maps, struct region *region, size_t page, size_t end)
{
	struct maps_query found = {0};

	/* Text on transparent huge pages has the states of huge pages, but is not a hugetlb
	 * mapping. */
	if (!region->source->hugetlb)
		return;
	for (; page < end; page++) {
		const uintptr_t address = region_page_address(region, page);
		long failed = 0;

		if (!(region->pages[page] & PAGE_HUGE))
			continue;
		if (maps < 0) {
			verify_by_errors(region, page);
			continue;
		}
		/* One mapping contains many pages. */
		if (found.end <= address)
			failed = maps_ask(maps, address, &found);
		if (failed && failed != -ENOENT) {
			maps = -1;
			verify_by_errors(region, page);
		} else if (failed || !is_ours(region, address, &found)) {
			record_replaced(region, page);
		} else {
			record_rights(region, page, rights_of(&found));
		}
	}
}

/* Nothing was ever mapped above region->high, and the address space can have a million pages. */
static size_t pages_end(const struct region *region, uintptr_t to)
{
	uintptr_t last = to < region->high ? to : region->high;

	return last > region->start ? region_page(region, last - 1) + 1 : 0;
}

bool verify_page(struct region *region, size_t page)
{
	int maps = open_maps();

	verify_pages(maps, region, page, page + 1);
	close_maps(maps);
	return region->pages[page] & PAGE_HUGE;
}

void verify_range(struct region *region, uintptr_t from, uintptr_t to)
{
	const size_t end = pages_end(region, to);
	const size_t page = region_run(region, region_page(region, from), end, false);
	int maps;

	if (sys_sandboxed || page >= end)
		return;
	maps = open_maps();
	verify_pages(maps, region, page, end);
	close_maps(maps);
}

void verify_all(void)
{
	struct region *region;
	int maps;

	if (sys_sandboxed || !registry_first())
		return;
	maps = open_maps();
	for (region = registry_first(); region; region = registry_next(region))
		if (!region->may_go)
			verify_pages(maps, region, 0, pages_end(region, region->limit));
	close_maps(maps);
}
