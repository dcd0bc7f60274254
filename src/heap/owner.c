/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves the memory requests of libc's malloc: see owner.h.
 *
 * Only malloc's own calls, which come from libc's text, get memory of the heap.
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "calls/brk.h"
#include "calls/fork_later.h"
#include "calls/mmap.h"
#include "calls/start.h"
#include "heap/foreign_break.h"
#include "heap/heap.h"
#include "heap/owner.h"
#include "heap/policy.h"
#include "region/lock.h"
#include "region/process.h"
#include "region/ranges.h"

/* HEAP_MAX_SIZE of glibc on 64 bits: arenas lie on its multiples. */
#define ARENA_BYTES ((size_t)64 << 20)

static long serve_sbrk(intptr_t delta)
{
	/* The library that took sbrk over has restored it; malloc's break is the kernel's by
	 * now. */
	if (foreign_break_in_use())
		return brk_kernel_sbrk(delta);
	return break_sbrk(&heap.main, delta);
}

static bool serve_brk(uintptr_t address, int *result)
{
	if (address < heap.main.region.start)
		return false;
	if (address >= heap.main.region.room)
		break_widen(&heap.main);
	if (address >= heap.main.region.room)
		return false;
	*result = break_brk(&heap.main, address);
	return true;
}

/* The kernel's break is the only one while malloc has not grown; afterwards the program can still
 * lower what it raised until then. */
long heap_owner_system_call(uintptr_t address)
{
	int failed;

	if (heap.main.mapped_end == heap.main.region.start || foreign_break_expected())
		return sys_brk(address);
	if (address <= (uintptr_t)sys_brk(0) && (uintptr_t)sys_brk(address) == address)
		return (long)address;
	serve_brk(address, &failed);
	return (long)heap.main.now;
}

static bool takes_block(size_t bytes)
{
	return !heap.adaptive || policy_block_is_huge(bytes, heap.zone.region.page_bytes);
}

/* Is it a mapping that the zone would serve, or that a thread needs? Then the zone gets its place,
 * before another thread runs. */
static void need_zone(size_t bytes, int protection, int flags, bool by_libc)
{
	if (!mmap_is_threads_stack(bytes, protection, flags) &&
	    (!by_libc || bytes < heap.source.page_bytes))
		return;
	break_choose_rest(&heap.main);
	fork_later_now();
}

/* An arena (without access) or a block (readable, writable). */
uintptr_t heap_owner_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc)
{
	struct zone *zone = &heap.zone;
	const int kind = MAP_PRIVATE | MAP_ANONYMOUS;
	uintptr_t address = 0;
	size_t unit;

	(void)hint;
	if (__atomic_load_n(&heap.main.choose_rest, __ATOMIC_ACQUIRE))
		need_zone(bytes, protection, flags, by_libc);
	unit = zone->region.unit_bytes;
	if (!by_libc || !zone->region.start || (flags & ~MAP_NORESERVE) != kind || bytes < unit ||
	    !lock_take())
		return 0;
	if (protection == PROT_NONE && bytes % unit == 0 && bytes / unit > 1) {
		/* libc needs a boundary of its heap size, 64 MiB, in a mapping of this size or
		 * twice as much. */
		size_t boundary = bytes & -bytes;

		address =
			zone_reserve(zone, bytes, boundary < ARENA_BYTES ? boundary : ARENA_BYTES);
	} else if (protection == (PROT_READ | PROT_WRITE) && takes_block(bytes)) {
		address = zone_reserve(zone, bytes, unit);
		/* Clearing pages takes long; if no page is shared, others need not wait for it. */
		if (address && unit == zone->region.page_bytes) {
			lock_release();
			if (!zone_fill_block(zone, address, bytes))
				return address;
			if (!lock_take())
				return 0;
			zone_release(zone, address, bytes);
			address = 0;
		} else if (address && zone_fill_block(zone, address, bytes)) {
			zone_release(zone, address, bytes);
			address = 0;
		}
	}
	lock_release();
	return address;
}

static bool serve_unmap(struct region *region, uintptr_t from, uintptr_t to)
{
	(void)region;
	if (!zone_ends_at(&heap.zone, from, to))
		return false;
	zone_release(&heap.zone, from, to - from);
	return true;
}

static bool serve_remap(struct region *region, uintptr_t from, size_t bytes, size_t new_bytes,
			bool may_move, bool by_libc, long *result)
{
	if (!by_libc || from % region->unit_bytes)
		return false;
	*result = zone_remap_block(&heap.zone, from, bytes, new_bytes, may_move);
	return true;
}

static bool serve_protect(struct region *region, uintptr_t from, size_t bytes, int protection,
			  bool by_libc, long *result)
{
	/* An arena's pages belong to its thread only, but several arenas share a page of 1G. */
	bool shared = region->unit_bytes != region->page_bytes;

	if (!by_libc || protection != (PROT_READ | PROT_WRITE))
		return false;
	if (shared && !lock_take()) {
		*result = -ENOMEM;
		return true;
	}
	*result = zone_commit(&heap.zone, from, bytes);
	if (shared)
		lock_release();
	return true;
}

static void refit_main(struct region *region)
{
	(void)region;
	break_refit(&heap.main);
}

static uintptr_t main_used_end(const struct region *region)
{
	(void)region;
	return heap.main.now;
}

static const struct region_owner main_owner = {
	.used_end = main_used_end,
	.refit = refit_main,
};

static const struct region_owner zone_owner = {
	.unmap = serve_unmap,
	.remap = serve_remap,
	.protect = serve_protect,
};

static const struct calls_break own_break = {
	.sbrk = serve_sbrk,
	.brk = serve_brk,
	.system_call = heap_owner_system_call,
	.text_opened = foreign_break_expect,
};

static int add_region(struct region *region, const struct region_owner *owner)
{
	region->name = "heap";
	region->owner = owner;
	return registry_add(region);
}

void heap_owner_add_zone(void)
{
	if (add_region(&heap.zone.region, &zone_owner))
		region_drop(&heap.zone.region);
}

/* What would need files is done before a filter may forbid them. */
static void before_filter(void)
{
	break_choose_rest(&heap.main);
}

int heap_owner_begin(void)
{
	int failed = 0;

	if (heap.main.region.start)
		failed = add_region(&heap.main.region, &main_owner);
	if (!failed && heap.zone.region.start)
		failed = add_region(&heap.zone.region, &zone_owner);
	if (failed) {
		heap_owner_end();
		return failed;
	}
	/* under auto adaptive.c handles both first */
	if (heap.main.region.start && !heap.adaptive)
		libc_calls.own_break = &own_break;
	if ((heap.zone.region.start || heap.main.choose_rest) && !heap.adaptive)
		calls_add_mapper(heap_owner_map);
	libc_calls.before_filter = before_filter;
	heap.active = true;
	return 0;
}

void heap_owner_end(void)
{
	registry_remove(&heap.main.region);
	registry_remove(&heap.zone.region);
	calls_remove_mapper(heap_owner_map);
	libc_calls.own_break = NULL; /* the kernel's */
	heap.active = false;
}
