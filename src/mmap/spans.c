/*
 * Address space that the program itself chose or reserved: see spans.h.
 *
 * Huge pages are made ready elsewhere and moved over what is there, in one atomic call: where it
 * fails nothing has changed. Kernels before 5.16 don't move them; there THP is all that these
 * places get.
 */
#include <errno.h>

#include "memory/keep.h"
#include "memory/lock.h"
#include "memory/memory.h"
#include "mmap/mappings.h"
#include "mmap/spans.h"
#include "sys.h"

/* Each has a place in the registry of regions, which is limited. */
#define SPANS_MAX 96

/* A program that reserves more than this at once has plans of its own with it. */
#define SPAN_PAGES_MAX ((size_t)1 << 19)

static struct region spans[SPANS_MAX]; /* one that begins at 0 is unused */

#define PLAIN (MAP_PRIVATE | MAP_ANONYMOUS)

/*
 * The run of pages from *page on, before end, that can be exchanged: small ones that are zero. With
 * anew all are, else those that were reserved and never opened.
 */
static size_t next_run(const struct region *region, size_t *page, size_t end, bool anew)
{
	size_t run;

	while (*page < end && region->pages[*page] != (anew ? 0 : PAGE_RESERVED))
		++*page;
	for (run = *page; run < end && region->pages[run] == (anew ? 0 : PAGE_RESERVED); run++)
		;
	return run - *page;
}

/* Exchanges so many pages for hugetlb ones. Returns how many, from the start. */
static size_t exchange(struct region *region, size_t page, size_t count)
{
	struct place *place = &mappings.place;
	uintptr_t to = region_page_address(region, page);
	size_t bytes = count * region->page_bytes, got;
	uintptr_t aside;

	if (!mappings.can_move || memory.sandboxed || !mappings_may_take(bytes))
		return 0;
	aside = place_take(place, bytes, 0);
	if (!aside)
		return 0;
	got = source_map_huge(&mappings.source, aside, count);
	if (got &&
	    SYS_IS_ERROR(sys_mremap(aside, got * region->page_bytes, got * region->page_bytes,
				    MREMAP_MAYMOVE | MREMAP_FIXED, to))) {
		mappings.can_move = false;
		sys_munmap(aside, got * region->page_bytes);
		got = 0;
	}
	place_unused(place, aside, aside + bytes);
	if (got)
		region_adopt_huge(region, to, to + got * region->page_bytes);
	return got;
}

void spans_open(struct region *region, uintptr_t from, uintptr_t to, bool anew)
{
	size_t page = region_page(region, from + region->page_bytes - 1);
	size_t end = region_page(region, to), count;

	for (; page < end && (count = next_run(region, &page, end, anew)); page += count) {
		size_t got = exchange(region, page, count);
		uintptr_t at = region_page_address(region, page + got);

		if (got < count && mappings.source.thp)
			sys_madvise(at, (count - got) * region->page_bytes, MADV_HUGEPAGE);
	}
}

static void span_unmapped(struct region *region, uintptr_t from, uintptr_t to)
{
	if (from > region->start || to < region->limit)
		return;
	registry_remove(region);
	region_drop(region);
}

static const struct region_owner span_owner = {
	.opened = spans_open,
	.unmapped = span_unmapped,
};

/* Makes a span of the whole pages of [from, to); NULL: there are none, or too many spans. */
static struct region *add_span(uintptr_t from, uintptr_t to)
{
	size_t page_bytes = mappings.source.page_bytes;
	struct region *region = spans;

	from = (from + page_bytes - 1) & ~(uintptr_t)(page_bytes - 1);
	to &= ~(uintptr_t)(page_bytes - 1);
	if (from >= to || (to - from) / page_bytes > SPAN_PAGES_MAX || registry_touch(from, to))
		return NULL;
	while (region < spans + SPANS_MAX && region->start)
		region++;
	if (region == spans + SPANS_MAX || region_make(region, from, to, &mappings.source))
		return NULL;
	region->name = "mappings";
	region->owner = &span_owner;
	region->by_program = true;
	if (registry_add(region)) {
		region_drop(region);
		return NULL;
	}
	return region;
}

static bool is_stack(int flags)
{
	return flags & (MAP_STACK | MAP_GROWSDOWN);
}

void spans_watch(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
		 bool by_libc)
{
	const size_t page_bytes = mappings.source.page_bytes;
	const int kind = flags & ~(MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE);
	uintptr_t end = (address + bytes + memory.base_bytes - 1) & ~(memory.base_bytes - 1);
	bool data = protection == (PROT_READ | PROT_WRITE) && bytes >= mappings.threshold;
	struct region *region;

	if (bytes < page_bytes || !(flags & MAP_PRIVATE) || !(flags & MAP_ANONYMOUS))
		return;
	if ((mappings.stacks && is_stack(flags)) || (mappings.code && protection & PROT_EXEC))
		sys_madvise(address, end - address, MADV_HUGEPAGE);
	/* An arena of libc opens by steps that are far smaller than a page. */
	if (kind != PLAIN || !(data || (protection == PROT_NONE && !by_libc)) || !memory_lock())
		return;
	if (data && (flags & MAP_NORESERVE || !hint) && mappings.source.thp)
		sys_madvise(address, end - address, MADV_HUGEPAGE);
	else if ((region = add_span(address, end))) {
		if (data)
			spans_open(region, region->start, region->limit, true);
		else
			keep_reserved(region, region->start, region->limit);
	}
	memory_unlock();
}
