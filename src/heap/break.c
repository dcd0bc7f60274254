/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main heap: see break.h. The messages are the original library's, letter for letter, because
 * people and tools search for them.
 */
#include <errno.h>
#include <string.h>

#include "base/align.h"
#include "base/log.h"
#include "base/sys.h"
#include "heap/break.h"
#include "heap/collapse.h"
#include "heap/policy.h"
#include "pages/pool.h"
#include "pages/pressure.h"
#include "region/lock.h"
#include "region/registry.h"
#include "region/split.h"
#include "region/verify.h"

/* In functions of their own, so that the usual growth needs little stack. */
#define RARE __attribute__((noinline))

/*
 * A hugetlb mapping never merges with its neighbour, and a process has 65530 mappings: growing by a
 * 64th of the heap keeps their number at some hundreds, and takes at most 1.6 % more pages than
 * requested.
 */
#define GROWTH_SHARE     64
#define GROWTH_BYTES_MAX ((size_t)256 << 20)

/*
 * A program may probe how far the break can go, and lower it again at once. A growth of more than
 * this is compared with what the pool has; if it would take more than half of that, it gets
 * transparent huge pages, which cost only what is touched. Lowering the break by as much frees the
 * memory. malloc grows and trims by less (see tune_malloc()).
 */
#define LARGE_BYTES ((size_t)64 << 20)
#define POOL_SHARE  2

/* A foreign mapping is stepped over at most this often, by twice as much each time. */
#define STEPS_MAX 16

int break_start(struct heap_break *heap, uintptr_t start, uintptr_t limit, struct source *source,
		bool shrink)
{
	int failed = region_make_growing(&heap->region, start, limit, source);

	if (failed)
		return failed;
	heap->now = heap->mapped_end = heap->high = start;
	heap->shrink = shrink;
	return 0;
}

void break_start_in(struct heap_break *heap, uintptr_t start, uintptr_t limit,
		    struct source *source, bool shrink, unsigned char *states)
{
	region_make_in(&heap->region, start, limit, source, states);
	heap->now = heap->mapped_end = heap->high = start;
	heap->shrink = shrink;
}

/* Is a growth by that many bytes more than one call should take from the pool? */
static bool RARE is_too_large(const struct region *region, size_t bytes)
{
	struct pool pool;

	return bytes >= LARGE_BYTES && region->source->hugetlb && !sys_sandboxed &&
	       !pool_read(region->page_bytes, &pool) &&
	       bytes / region->page_bytes > pool_obtainable(&pool) / POOL_SHARE;
}

/* Like region_map(), or on transparent huge pages only. */
static int map_units(struct heap_break *heap, uintptr_t from, uintptr_t to, uintptr_t wanted)
{
	struct region *region = &heap->region;

	if (is_too_large(region, to - from))
		return region_map_small(region, from, to, region->source->thp);
	return region_map(region, from, to, wanted);
}

/*
 * Maps [from, to), and possibly more, up to `wanted`: on base pages while policy.h says so. When
 * the heap outgrows them, its base pages become huge, too.
 */
static int map_more(struct heap_break *heap, uintptr_t from, uintptr_t to, uintptr_t wanted)
{
	struct region *region = &heap->region;
	const size_t bytes = to - heap->base_start;

	if (heap->adaptive)
		collapse_allow(region, align_up(heap->base_start, region->base_bytes), from);
	if (heap->adaptive && !policy_main_is_huge(bytes, region->page_bytes))
		return region_map_small(region, from, to, false);
	if (heap->adaptive && !heap->collapsed &&
	    policy_main_collapses(bytes, region->page_bytes)) {
		heap->collapsed = true;
		collapse_range(region, heap->base_start, region->start);
		collapse_units(region, region->start, heap->mapped_end);
	}
	return map_units(heap, from, to, wanted);
}

/* Maps enough for the break to be at `to`. */
static int map_up_to(struct heap_break *heap, uintptr_t to)
{
	struct region *region = &heap->region;
	uintptr_t needed = align_up(to, region->unit_bytes);
	uintptr_t wanted = align_up(to, region->page_bytes);
	size_t unit;
	size_t extra = (heap->now - region->start) / GROWTH_SHARE;
	int failed;

	if (extra > GROWTH_BYTES_MAX)
		extra = GROWTH_BYTES_MAX;
	wanted += align_down(extra, region->page_bytes);
	if (wanted > region->limit)
		wanted = region->limit;
	log_debug("Attempting to map %lu bytes", (unsigned long)(needed - heap->mapped_end));
	failed = map_more(heap, heap->mapped_end, needed, wanted);
	unit = region_unit(region, heap->mapped_end);
	while (region_unit_address(region, unit) < region->limit &&
	       region->units[unit] & UNIT_MAPPED)
		unit++;
	log_debug("... = 0x%lx", (unsigned long)heap->mapped_end);
	/* What could not be unmapped when the break was there before. */
	if (!failed)
		failed = region_clear_dirty(region, heap->mapped_end,
					    region_unit_address(region, unit));
	if (failed)
		return -ENOMEM;
	heap->mapped_end = region_unit_address(region, unit);
	return heap->mapped_end >= needed ? 0 : -ENOMEM;
}

/*
 * Makes [from, to) of a unit that the program altered zero; the rest of the unit after `to` is
 * above the break, and is unmapped, too.
 */
static int renew_altered(const struct region *region, uintptr_t from, uintptr_t to,
			 uintptr_t unit_end)
{
	/* The page that contains the break belongs to the memory below it. */
	uintptr_t anew = align_up(from, region->base_bytes);
	uintptr_t page = align_down(from, region->base_bytes);
	long failed = 0;

	if (anew < unit_end)
		failed = sys_mmap(anew, unit_end - anew, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (SYS_IS_ERROR(failed))
		return (int)failed;
	if (from == anew)
		return 0;
	/*
	 * -EINVAL: the page is not writable, or the kernel cannot tell (before 5.14). Then it stays
	 * unchanged: the kernel's own brk never clears it either.
	 */
	failed = sys_populate(page, region->base_bytes);
	if (!failed)
		memset((void *)from, 0, (anew < to ? anew : to) - from);
	return failed == -EINVAL ? 0 : (int)failed;
}

/* Did the program change the protection or advice of the unit, or of the huge page that contains
 * it? */
static bool is_altered(const struct region *region, size_t unit)
{
	const size_t page = region_page(region, region_unit_address(region, unit));

	return region->units[unit] & UNIT_ALTERED ||
	       region->pages[page] & ~(PAGE_HUGE | PAGE_INHERITED);
}

/*
 * Base pages, which the program may have protected or unmapped by a system call that the library
 * did not see; whole huge pages were verified when the break was lowered. The kernel cannot tell
 * before Linux 5.14.
 */
static void check_small(struct region *region, uintptr_t from, uintptr_t to)
{
	const uintptr_t page = align_down(from, region->base_bytes);
	int failed;

	if (region_huge_at(region, from))
		return;
	failed = sys_populate(page, align_up(to, region->base_bytes) - page);
	if (failed == -ENOMEM || (failed == -EINVAL && source_can_populate_write()))
		region->units[region_unit(region, from)] |= UNIT_ALTERED;
}

/* Splits its huge page, which may extend below the break. */
static int split_altered(struct region *region, uintptr_t address)
{
	int failed = 0;

	if (!region_huge_at(region, address))
		return 0;
	if (!lock_take())
		return -ENOMEM;
	if (region_huge_at(region, address))
		failed = split_page(region, region_page(region, address));
	lock_release();
	return failed;
}

/*
 * Makes [from, to), which the break is about to pass, zero again where it was in use before. What
 * the program altered there (for example its protection) is mapped again, as after the kernel's
 * brk.
 */
static int RARE clear_again(struct heap_break *heap, uintptr_t from, uintptr_t to)
{
	struct region *region = &heap->region;
	uintptr_t end = to < heap->high ? to : heap->high;

	while (from < end) {
		uintptr_t unit_end = align_up(from + 1, region->unit_bytes);
		uintptr_t stop = unit_end < end ? unit_end : end;
		int failed = 0;

		if (is_altered(region, region_unit(region, from)))
			failed = split_altered(region, from);
		else
			check_small(region, from, stop);
		if (!failed && is_altered(region, region_unit(region, from)))
			failed = renew_altered(region, from, stop, unit_end);
		else if (!failed)
			memset((void *)from, 0, stop - from);
		if (failed)
			return failed;
		from = stop;
	}
	return 0;
}

static long choose_rest(const long *arguments)
{
	struct heap_break *heap = (struct heap_break *)arguments[0];

	if (heap->choose_rest)
		heap->choose_rest();
	return 0;
}

uintptr_t break_choose_rest(struct heap_break *heap)
{
	const long arguments[] = {(long)heap};
	long done;

	if (heap->choose_rest)
		lock_run(choose_rest, arguments, &done);
	return heap->later_limit > heap->region.behind ? heap->later_limit : heap->region.behind;
}

static long widen(const long *arguments)
{
	struct heap_break *heap = (struct heap_break *)arguments[0];

	choose_rest(arguments);
	/* without memory for its states it is tried again by the next growth */
	if (heap->later_limit <= heap->region.limit ||
	    !registry_widen(&heap->region, heap->later_limit))
		heap->later_limit = 0;
	return 0;
}

void break_widen(struct heap_break *heap)
{
	const long arguments[] = {(long)heap};
	long done;

	if (heap->choose_rest || heap->later_limit)
		lock_run(widen, arguments, &done);
}

/* Makes the region reach to `to`: there is rarely anything to do. */
static int make_room(struct heap_break *heap, uintptr_t to)
{
	struct region *region = &heap->region;
	uintptr_t limit;
	int failed;

	if (to <= region->limit)
		return 0;
	break_widen(heap);
	if (to <= region->limit)
		return 0;
	limit = region_next_limit(region, to - region->limit);
	if (!limit || !lock_take())
		return -ENOMEM;
	failed = registry_grow(region, limit);
	lock_release();
	return failed;
}

static int grow(struct heap_break *heap, uintptr_t to)
{
	struct region *region = &heap->region;
	int failed = make_room(heap, to);

	if (!failed && to > heap->mapped_end)
		failed = map_up_to(heap, to);
	if (!failed)
		failed = clear_again(heap, heap->now, to);
	if (failed)
		return failed;
	region_use(region, align_down(heap->now, region->unit_bytes),
		   align_up(to, region->unit_bytes));
	heap->now = to;
	if (to > heap->high)
		heap->high = to;
	return 0;
}

/* The lowest unit at or above `from` whose memory the program altered; mapped_end if none. */
static uintptr_t first_altered(const struct heap_break *heap, uintptr_t from)
{
	const struct region *region = &heap->region;
	size_t unit = region_unit(region, from), end = region_unit(region, heap->mapped_end);

	while (unit < end && !is_altered(region, unit))
		unit++;
	return region_unit_address(region, unit);
}

void break_refit(struct heap_break *heap)
{
	const struct region *region = &heap->region;
	uintptr_t end = align_up(heap->now, region->unit_bytes);

	while (end < heap->mapped_end && region->units[region_unit(region, end)] & UNIT_MAPPED)
		end += region->unit_bytes;
	heap->mapped_end = end;
	if (heap->high > end)
		heap->high = end;
}

/* From where on memory above the break is unmapped; memory below that stays for the next growth. */
static uintptr_t keep_up_to(const struct heap_break *heap, uintptr_t unused)
{
	const struct region *region = &heap->region;
	const size_t spare = policy_spare(heap->now - region->start, region->page_bytes);
	const uintptr_t altered = first_altered(heap, unused);

	if (heap->shrink || (heap->adaptive && spare && pressure_now(region->page_bytes)))
		return unused;
	if (!heap->adaptive || altered - unused < spare)
		return altered;
	return unused + spare;
}

/* Memory that stays for the next growth must be what is recorded: the program may have protected it
 * by a system call that the library did not see. */
static void RARE verify_kept(struct region *region, uintptr_t from, uintptr_t to)
{
	if (!region->source->hugetlb || !lock_take())
		return;
	verify_range(region, from, to);
	lock_release();
}

/*
 * Lowers the break. What the program altered is unmapped, as the kernel's brk would; other memory
 * is unmapped if HUGETLB_MORECORE_SHRINK says so, or if it is large, and otherwise stays for the
 * next growth.
 */
static void shrink(struct heap_break *heap, uintptr_t to)
{
	struct region *region = &heap->region;
	const bool large = heap->now - to >= LARGE_BYTES;
	uintptr_t unused = align_up(to, region->unit_bytes);
	uintptr_t keep_to;

	heap->now = to;
	region_unuse(region, unused, heap->mapped_end);
	if (to < heap->mapped_end)
		verify_kept(region, to, large || heap->shrink ? unused : heap->mapped_end);
	keep_to = large ? unused : keep_up_to(heap, unused);
	if (keep_to >= heap->mapped_end)
		return;
	region_give_back(region, keep_to, heap->mapped_end);
	/* A page of 1 GiB can only be unmapped as a whole, and its small units go together with an
	 * altered one. */
	break_refit(heap);
}

/* The end of the last unit in [from, to) that has a foreign mapping; 0: there is none. */
static uintptr_t foreign_end(const struct region *region, uintptr_t from, uintptr_t to)
{
	for (size_t unit = region_unit(region, to - 1) + 1; unit-- > region_unit(region, from);)
		if (region->units[unit] & UNIT_FOREIGN)
			return region_unit_address(region, unit + 1);
	return 0;
}

/*
 * Growth if there is a foreign mapping above the break: the heap continues above that, as it does
 * if another caller of sbrk took the space in between (malloc expects that). Returns the address
 * where it continues, or 0 with the heap unchanged.
 */
static uintptr_t RARE grow_elsewhere(struct heap_break *heap, size_t bytes)
{
	const uintptr_t now = heap->now, mapped_end = heap->mapped_end, high = heap->high;
	struct region *region = &heap->region;
	uintptr_t from = mapped_end;

	break_widen(heap);
	for (size_t step = 0; step < STEPS_MAX; step++) {
		uintptr_t to = align_up(heap->now + bytes, region->unit_bytes);
		uintptr_t end = foreign_end(region, from, to < region->limit ? to : region->limit);

		if (!end)
			break;
		from = align_up(end + (region->page_bytes << step) - region->page_bytes,
				region->page_bytes);
		if (from >= region->room || make_room(heap, from + bytes))
			break;
		heap->now = heap->mapped_end = heap->high = from;
		if (!grow(heap, from + bytes))
			return from;
	}
	heap->now = now;
	heap->mapped_end = mapped_end;
	heap->high = high;
	return 0;
}

static void RARE log_request(const struct heap_break *heap, intptr_t delta)
{
	log_debug("hugetlbfs_morecore(%ld) = ...", (long)delta);
	log_debug("heapbase = 0x%lx, heaptop = 0x%lx, mapsize = %lx, delta=%ld",
		  (unsigned long)heap->region.start, (unsigned long)heap->now,
		  (unsigned long)(heap->mapped_end - heap->region.start), (long)delta);
}

long break_sbrk(struct heap_break *heap, intptr_t delta)
{
	uintptr_t before = heap->now;
	int failed = 0;

	if (!delta)
		return (long)before;
	log_request(heap, delta);
	/* like the kernel: below its start nothing changes, which libc takes for success */
	if (delta > 0)
		failed = before + (uintptr_t)delta < before ? -ENOMEM
							    : grow(heap, before + (uintptr_t)delta);
	else if (-(uintptr_t)delta > before)
		failed = -ENOMEM;
	else if (-(uintptr_t)delta <= before - heap->region.start)
		shrink(heap, before + (uintptr_t)delta);
	if (failed && delta > 0) {
		uintptr_t elsewhere = grow_elsewhere(heap, (size_t)delta);

		if (elsewhere) {
			before = elsewhere;
			failed = 0;
		}
	}
	if (failed) {
		log_debug("... = failed (error %d)", -failed);
		return failed;
	}
	log_debug("... = 0x%lx", (unsigned long)before);
	return (long)before;
}

int break_brk(struct heap_break *heap, uintptr_t address)
{
	if (address < heap->region.start)
		return -ENOMEM;
	if (address < heap->now)
		shrink(heap, address);
	else if (address > heap->now)
		return grow(heap, address);
	return 0;
}
