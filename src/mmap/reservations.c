/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Address space that the program itself chose or reserved: see reservations.h.
 *
 * Huge pages are prepared elsewhere and moved over what is there, in one atomic call. Kernels
 * before 5.16 do not move them; there these places get only THP.
 */
#include <errno.h>
#include <string.h>

#include "base/align.h"
#include "base/sys.h"
#include "calls/start.h"
#include "mmap/mappings.h"
#include "mmap/reservations.h"
#include "pages/buddy.h"
#include "pages/move.h"
#include "proc/pagemap.h"
#include "region/lock.h"
#include "region/mempolicy.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/split.h"

/* A program that reserves more than this at once manages it itself. */
#define SPAN_PAGES_MAX ((size_t)1 << 19)

/* If a hole is unmapped in the middle of a longer span, cutting it is not worth copying the
 * states. */
#define SPAN_PAGES_CUT_MAX 4096

/* Spans whose states take at most this many bytes need no mapping for them. */
#define STATES_INSIDE 192

/* How many spans are mapped at once; they are never unmapped, because a thread that searches for a
 * region without the lock may still read one that was removed. */
#define SPANS_MAPPED 64

struct span {
	struct region region; /* first: a region of this owner is a span */
	struct span *next_spare;
	_Alignas(uint16_t) unsigned char states[STATES_INSIDE];
};

static struct span *spare_spans;

#define PLAIN (MAP_PRIVATE | MAP_ANONYMOUS)

/*
 * How many adjacent pages from `page` on, before end, can be exchanged: those that were reserved
 * and never opened, or, with `replaced`, all.
 */
static size_t count_openable(const struct region *region, size_t page, size_t end, bool replaced)
{
	size_t run = page;

	while (run < end && (replaced || region->pages[run] == PAGE_RESERVED))
		run++;
	return run - page;
}

/*
 * How many of the reserved pages from `page` on are still as the program reserved them. Others may
 * have written there through /proc, or the program may have set a NUMA policy; then they stay
 * unchanged.
 */
static size_t count_untouched(struct region *region, size_t page, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const uintptr_t at = region_page_address(region, page + i);

		if (mempolicy_is_set(at) || !pagemap_is_empty(at, at + region->page_bytes))
			break;
	}
	if (i < count)
		region->pages[page + i] = 0;
	return i;
}

/*
 * Does the kernel move hugetlb pages (Linux 5.16)? An older one would have unmapped the target
 * before it refuses: so the first page is moved to an unused address and back.
 */
static bool kernel_moves(uintptr_t page)
{
	const size_t bytes = mappings.source.page_bytes;
	uintptr_t there;

	if (mappings.move_tried)
		return mappings.can_move;
	there = placement_take(&mappings.place, bytes, 0);
	if (!there)
		return false;
	mappings.move_tried = true;
	mappings.can_move =
		!SYS_IS_ERROR(
			sys_mremap(page, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, there)) &&
		!SYS_IS_ERROR(sys_mremap(there, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, page));
	if (!mappings.can_move)
		sys_munmap(there, bytes);
	placement_unused(&mappings.place, there, there + bytes);
	return mappings.can_move;
}

/* Exchanges that many pages for hugetlb ones. Returns how many, from the start. */
static size_t exchange(struct region *region, size_t page, size_t count)
{
	struct placement *place = &mappings.place;
	uintptr_t to = region_page_address(region, page);
	size_t bytes = count * region->page_bytes, got;
	uintptr_t aside;
	int failed;

	if (!count || (mappings.move_tried && !mappings.can_move) || sys_sandboxed ||
	    !mappings_may_take(bytes))
		return 0;
	aside = placement_take(place, bytes, 0);
	if (!aside)
		return 0;
	got = source_map_huge(&mappings.source, aside, count);
	if (got) {
		failed = kernel_moves(aside) ? move_over(aside, got * region->page_bytes, to,
							 PROT_READ | PROT_WRITE, 0)
					     : -EINVAL;
		if (failed) {
			sys_munmap(aside, got * region->page_bytes);
			got = 0;
		}
	}
	placement_unused(place, aside, aside + bytes);
	if (got)
		region_adopt_huge(region, to, to + got * region->page_bytes);
	return got;
}

size_t reservations_open(struct region *region, uintptr_t from, uintptr_t to, bool replaced,
			 uintptr_t *next)
{
	const size_t page = region_page(region, from), end = region_page(region, to);
	const size_t count = count_openable(region, page, end, replaced);
	size_t got, closed = page;

	*next = to;
	if (!count) {
		while (closed < end && region->pages[closed] != PAGE_RESERVED)
			closed++;
		if (closed < end)
			*next = region_page_address(region, closed);
		return 0;
	}
	got = mappings.source.hugetlb && !replaced ? count_untouched(region, page, count) : count;
	got = exchange(region, page, got);
	from = region_page_address(region, page + got);
	*next = region_page_address(region, page + count);
	if (!replaced && got < count && mappings.source.thp)
		sys_madvise(from, *next - from, MADV_HUGEPAGE);
	return got * region->page_bytes;
}

/* A program that opens by smaller steps would pay for each of them. */
#define STEP_SHARE 8

/* What has been opened by the latest steps, those joined that adjoin each other. Several threads of
 * a garbage collector open steps side by side, in any order. */
static struct steps {
	uintptr_t from, to;
} latest[16];

/* Returns what the step belongs to now. */
static struct steps note_step(struct steps step)
{
	static size_t oldest;
	const size_t count = sizeof(latest) / sizeof(latest[0]);
	size_t place = count;

	for (size_t i = 0; i < count; i++)
		if (latest[i].from <= step.to && step.from <= latest[i].to) {
			if (latest[i].from < step.from)
				step.from = latest[i].from;
			if (latest[i].to > step.to)
				step.to = latest[i].to;
			latest[i] = (struct steps){0, 0};
			place = i;
		}
	latest[place < count ? place : oldest++ % count] = step;
	return step;
}

/* Pages that could not be put together, because other threads had just touched them (EAGAIN). */
static uintptr_t again[8];

static void collapse(uintptr_t page, size_t bytes)
{
	static size_t oldest;

	if (sys_madvise(page, bytes, MADV_COLLAPSE) == -EAGAIN)
		again[oldest++ % (sizeof(again) / sizeof(again[0]))] = page;
}

/* Tries one of them once more. What has been unmapped or reserved meanwhile, the kernel refuses. */
static void collapse_again(size_t bytes)
{
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		if (again[i]) {
			sys_madvise(again[i], bytes, MADV_COLLAPSE);
			again[i] = 0;
			return;
		}
}

/*
 * One half of a page may be in use when the other is opened, so that no page of the pool can take
 * the place of both. The kernel puts them together: mappings with the same advice become one. Steps
 * go upwards or, as Java's young generation, downwards.
 */
void reservations_opened(struct region *region, uintptr_t from, uintptr_t to)
{
	const size_t bytes = region->unit_bytes;
	const uintptr_t begun = align_down(from, bytes);
	struct steps opened;
	bool upwards, downwards;

	if (!mappings.source.thp || to - from < bytes / STEP_SHARE)
		return;
	opened = note_step((struct steps){from, to});
	sys_madvise(from, to - from, MADV_HUGEPAGE);
	upwards = begun < from && to - begun >= bytes;
	downwards = begun == from && to - begun < bytes && opened.to - begun >= bytes;
	if ((upwards || downwards) && begun >= region->start && begun + bytes <= region->limit &&
	    !sys_sandboxed && buddy_has(bytes, bytes, process_base_bytes)) {
		collapse_again(bytes);
		collapse(begun, bytes);
	}
}

/* Maps ordinary memory of which nothing is recorded yet. */
static void open_new(struct region *region)
{
	uintptr_t next;
	size_t got = reservations_open(region, region->start, region->limit, true, &next);

	if (got < region->limit - region->start && mappings.source.thp)
		sys_madvise(region->start + got, region->limit - region->start - got,
			    MADV_HUGEPAGE);
}

static int need_spare_span(void)
{
	long mapped;

	if (spare_spans)
		return 0;
	mapped = sys_mmap(0, SPANS_MAPPED * sizeof(struct span), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (SYS_IS_ERROR(mapped))
		return -ENOMEM;
	for (int i = 0; i < SPANS_MAPPED; i++) {
		struct span *span = (struct span *)mapped + i;

		span->next_spare = spare_spans;
		spare_spans = span;
	}
	return 0;
}

static void drop_span(struct span *span)
{
	region_drop(&span->region);
	span->next_spare = spare_spans;
	spare_spans = span;
}

static const struct region_owner span_owner;

/* Creates a span of [from, to), whole pages, not registered yet. NULL: no memory. */
static struct region *new_span(uintptr_t from, uintptr_t to)
{
	struct source *source = &mappings.source;
	struct region *region;
	struct span *span;

	if (need_spare_span())
		return NULL;
	span = spare_spans;
	region = &span->region;
	if (region_state_bytes(to - from, source) <= STATES_INSIDE) {
		memset(span->states, 0, sizeof(span->states));
		region_make_in(region, from, to, source, span->states);
	} else if (region_make(region, from, to, source)) {
		return NULL;
	}
	spare_spans = span->next_spare;
	region->name = "mappings";
	region->owner = &span_owner;
	region->by_program = true;
	return region;
}

/*
 * The part after a hole becomes a separate span, with its states. If that fails, the hole stays in
 * the span: an address there costs a lookup, and a mapping there is left to the kernel.
 */
static void split_span(struct region *region, uintptr_t hole, uintptr_t behind)
{
	const size_t page = region_page(region, behind), unit = region_unit(region, behind);
	struct region *second = NULL;

	if ((region->limit - behind) / region->page_bytes <= SPAN_PAGES_CUT_MAX)
		second = new_span(behind, region->limit);
	if (!second)
		return;
	memcpy(second->pages, region->pages + page,
	       (region->limit - behind) / region->page_bytes * sizeof(region->pages[0]));
	memcpy(second->units, region->units + unit, (region->limit - behind) / region->unit_bytes);
	second->high = region->high > behind ? region->high : behind;
	if (registry_shrink(region, region->start, hole, second))
		drop_span((struct span *)second);
	else
		region_shrink(region, region->start, hole);
}

/* Unmapped memory is removed from its span, so that there are no more spans than the program
 * has. */
static void span_unmapped(struct region *region, uintptr_t from, uintptr_t to)
{
	/* A page that is covered in part has been split by now: only the kernel knows its state. */
	uintptr_t hole = align_down(from, region->page_bytes);
	uintptr_t behind = align_up(to, region->page_bytes);
	uintptr_t start = region->start, limit = region->limit;

	if (hole > start && behind < limit) {
		split_span(region, hole, behind);
	} else if (hole <= start && behind >= limit) {
		registry_remove(region);
		drop_span((struct span *)region);
	} else {
		if (hole > start)
			limit = hole;
		else
			start = behind;
		registry_shrink(region, start, limit, NULL);
		region_shrink(region, start, limit);
	}
}

static const struct region_owner span_owner = {
	.open = reservations_open,
	.opened = reservations_opened,
	.unmapped = span_unmapped,
};

/* Creates a span of the whole pages of [from, to); NULL: there are none, or too many spans. */
static struct region *add_span(uintptr_t from, uintptr_t to)
{
	size_t page_bytes = mappings.source.page_bytes;
	struct region *region;

	from = align_up(from, page_bytes);
	to &= ~(uintptr_t)(page_bytes - 1);
	if (from >= to || (to - from) / page_bytes > SPAN_PAGES_MAX || registry_touch(from, to))
		return NULL;
	region = new_span(from, to);
	if (region && registry_add(region)) {
		drop_span((struct span *)region);
		return NULL;
	}
	return region;
}

static bool is_stack(int flags)
{
	return flags & (MAP_STACK | MAP_GROWSDOWN);
}

/* Address space that was reserved, or mapped by the kernel (data), becomes a span. */
static long add_watched(const long *arguments)
{
	const uintptr_t from = (uintptr_t)arguments[0], to = (uintptr_t)arguments[1];
	struct region *region = add_span(from, to);

	if (region && arguments[2])
		open_new(region);
	else if (region)
		page_state_reserved(region, region->start, region->limit);
	return 0;
}

/* A separate function, like add_span_of(), so that most calls need little stack. */
static void __attribute__((noinline)) advise_huge(uintptr_t from, uintptr_t to)
{
	sys_madvise(from, to - from, MADV_HUGEPAGE);
}

static void __attribute__((noinline)) add_span_of(uintptr_t from, uintptr_t to, bool data)
{
	const long arguments[] = {(long)from, (long)to, data};
	long done;

	lock_run(add_watched, arguments, &done);
}

void reservations_watch(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
			bool by_libc)
{
	const size_t page_bytes = mappings.source.page_bytes;
	const int kind = flags & ~(MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE);
	uintptr_t end = align_up(address + bytes, process_base_bytes);
	bool data = protection == (PROT_READ | PROT_WRITE) && bytes >= mappings.threshold;

	if (bytes < page_bytes || !(flags & MAP_PRIVATE) || !(flags & MAP_ANONYMOUS))
		return;
	if ((mappings.stacks && is_stack(flags)) || (mappings.code && protection & PROT_EXEC))
		advise_huge(address, end);
	/* An arena of libc opens by steps that are far smaller than a page. */
	if (kind != PLAIN || !(data || (protection == PROT_NONE && !by_libc)))
		return;
	if (data && (flags & MAP_NORESERVE || !hint) && mappings.source.thp)
		advise_huge(address, end);
	else
		add_span_of(address, end, data);
}
