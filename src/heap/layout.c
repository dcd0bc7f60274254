/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the heap's regions lie: see layout.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "base/log.h"
#include "base/sys.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/owner.h"
#include "heap/space.h"
#include "proc/holes.h"

/* A region that grows begins with as many (region/region.c), so that these are the first of its
 * states. */
#define FIRST_PAGES ((size_t)512)

/* The hole above the break is the usual one, between the program and everything else. */
#define HOLE_BYTES_MIN ((uint64_t)1 << 40)

/* Pages of at most this size are units as well, and their place is not chosen at random. */
#define FIRST_PAGE_BYTES_MAX ((size_t)2 << 20)

/* Made from the 16 random bytes that the kernel gives each process; libc uses the first eight as
 * secrets. */
static unsigned int random_number(void)
{
	const unsigned char *bytes = (const unsigned char *)getauxval(AT_RANDOM);
	unsigned int number = 0;

	if (bytes)
		memcpy(&number, bytes + 12, sizeof(number));
	return number;
}

static int choose_all(const struct options *options)
{
	struct space_plan plan;
	struct holes holes;
	uintptr_t first_break = (uintptr_t)sys_brk(0);
	unsigned int random = random_number();
	int failed;

	heap.memory_bytes = sys_memory_bytes();
	holes_find(&holes, first_break);
	failed = space_choose(&holes, heap.source.page_bytes, heap.memory_bytes, options->heap_base,
			      random, &plan);
	if (failed == -EINVAL) {
		log_warning("heap: HUGETLB_MORECORE_HEAPBASE=0x%lx is not available; using the "
			    "default heap address",
			    (unsigned long)options->heap_base);
		failed = space_choose(&holes, heap.source.page_bytes, heap.memory_bytes, 0, random,
				      &plan);
	}
	if (failed)
		return failed;
	plan.main_limit = holes_limit(plan.main_start, plan.main_limit, heap.source.page_bytes);
	if (plan.zone_start)
		plan.zone_limit =
			holes_limit(plan.zone_start, plan.zone_limit, heap.source.page_bytes);
	failed = break_start(&heap.main, plan.main_start, plan.main_limit, &heap.source,
			     options->heap_shrink);
	if (!failed && plan.zone_start)
		failed = zone_start(&heap.zone, plan.zone_start, plan.zone_limit, &heap.source);
	return failed;
}

/*
 * How far the main heap may go, and a place for arenas and large blocks, as if all had been chosen
 * at the start.
 */
static void choose_places(void)
{
	const uintptr_t start = heap.main.region.start, end = heap.main.region.limit;
	const size_t page_bytes = heap.source.page_bytes;
	struct space_plan plan;
	struct holes holes;

	/* a filter may kill the process for opening a file */
	if (sys_sandboxed || sys_is_filtered())
		holes_guess(&holes, end);
	else
		holes_find(&holes, end);
	heap.main.later_limit = end;
	if (holes.first_start == end) {
		holes.first_start = start;
		if (holes.largest_start == end)
			holes.largest_start = start;
		heap.main.later_limit = align_down(holes.first_end, page_bytes);
	}
	heap.memory_bytes = sys_memory_bytes();
	if (space_choose(&holes, page_bytes, heap.memory_bytes, 0, 0, &plan))
		return;
	if (plan.main_start == start)
		heap.main.later_limit = plan.main_limit;
	heap.main.later_limit = holes_limit(start, heap.main.later_limit, page_bytes);
	if (plan.zone_start &&
	    !zone_start(&heap.zone, plan.zone_start,
			holes_limit(plan.zone_start, plan.zone_limit, page_bytes), &heap.source))
		heap_owner_add_zone();
}

/* Once there is need of it, under the lock. Other threads wait for it until there is no more to
 * choose, for those that do not would find no place. */
static void choose_rest(void)
{
	choose_places();
	__atomic_store_n(&heap.main.choose_rest, NULL, __ATOMIC_RELEASE);
}

/*
 * Begins with address space for some pages only, right above the break: a small program never needs
 * more, and asking the kernel where more is free takes a tenth of the time of its start. No program
 * has mapped anything yet, for the library's constructor is the first; so nothing is there if what
 * the kernel and ld.so have mapped is far. If something is all the same, growth steps over it.
 * False: something is near, or there is another reason to choose all.
 */
static bool choose_first(const struct options *options)
{
	static _Alignas(8) unsigned char states[FIRST_PAGES * (sizeof(uint16_t) + 1)];
	const size_t page_bytes = heap.source.page_bytes, bytes = FIRST_PAGES * page_bytes;
	const uintptr_t start = align_up((uintptr_t)sys_brk(0), page_bytes);
	struct holes holes;
	uint64_t room;

	if (sizeof(void *) == 4 || heap.adaptive || options->heap_base ||
	    options->mmap != HEAP_OFF || page_bytes > FIRST_PAGE_BYTES_MAX || sys_is_filtered())
		return false;
	holes_guess(&holes, start);
	room = holes.first_end - holes.first_start;
	if (room < HOLE_BYTES_MIN)
		return false;
	/* the page's first use is a write: one page fault, not two */
	*(volatile unsigned char *)states = 0;
	break_start_in(&heap.main, start, start + bytes, &heap.source, options->heap_shrink,
		       states);
	heap.main.choose_rest = choose_rest;
	return true;
}

int layout_choose(const struct options *options)
{
	const int failed = choose_first(options) ? 0 : choose_all(options);

	if (failed)
		return failed;
	heap.main.adaptive = heap.zone.adaptive = heap.adaptive;
	log_info("setup_morecore(): heapaddr = 0x%lx", (unsigned long)heap.main.region.start);
	return 0;
}

void layout_drop(void)
{
	heap.main.choose_rest = NULL;
	region_drop(&heap.main.region);
	region_drop(&heap.zone.region);
}
