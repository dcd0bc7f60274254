/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves memory requests of libc and the program from the region of mappings: see owner.h.
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/align.h"
#include "base/sys.h"
#include "mmap/mappings.h"
#include "mmap/owner.h"
#include "mmap/reservations.h"
#include "region/lock.h"
#include "region/page_state.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)

/*
 * Maps memory at [at, at + bytes), all or nothing; the first `take` bytes, whole pages, from the
 * pool as long as it has them.
 */
static int fill(uintptr_t at, size_t bytes, size_t take, size_t *huge_bytes)
{
	const size_t page_bytes = mappings.source.page_bytes;
	struct source rest = mappings.source;
	int failed = 0;

	*huge_bytes =
		take ? source_map_huge(&mappings.source, at, bytes / page_bytes) * page_bytes : 0;
	/* A tail is too small for a huge page: spare the call. */
	rest.thp = rest.thp && bytes - *huge_bytes >= mappings.place.region.unit_bytes;
	if (*huge_bytes < bytes)
		failed = source_map_small(&rest, at + *huge_bytes, bytes - *huge_bytes);
	if (failed && *huge_bytes)
		sys_munmap(at, *huge_bytes);
	return failed;
}

/* Under the lock: records what fill() did. */
static void note_filled(uintptr_t at, size_t bytes, size_t huge_bytes)
{
	if (huge_bytes)
		region_adopt_huge(&mappings.place.region, at, at + huge_bytes);
	if (bytes > huge_bytes)
		placement_used(&mappings.place, at + huge_bytes, at + bytes);
}

/* If small mappings share huge pages, and a tail is at least this share of one, it shares its page
 * with them. */
#define TAIL_SHARE 8

static size_t with_tail_unit(size_t bytes)
{
	const size_t unit_bytes = mappings.place.region.unit_bytes;
	size_t tail = bytes % unit_bytes;

	if (mappings.threshold >= unit_bytes || !mappings.source.thp ||
	    tail < unit_bytes / TAIL_SHARE)
		return bytes;
	return bytes - tail + unit_bytes;
}

/* A mapping of a huge page or more. Clearing pages takes long, so the lock is released
 * meanwhile. */
static uintptr_t map_whole(uintptr_t hint, size_t bytes, int flags)
{
	size_t take = flags & MAP_NORESERVE || !mappings_may_take(bytes) ? 0 : bytes;
	uintptr_t at = placement_take(&mappings.place, bytes, hint);
	size_t huge_bytes, mapped = with_tail_unit(bytes);
	int failed;

	if (!at)
		return 0;
	lock_release();
	failed = fill(at, mapped, take, &huge_bytes);
	/* What was mapped must be recorded: this waits on where lock_take() gives up. */
	while (!lock_take())
		;
	if (failed) {
		if (failed != -EEXIST)
			placement_unused(&mappings.place, at, at + bytes);
		return 0;
	}
	note_filled(at, bytes, huge_bytes);
	if (mapped > bytes)
		placement_share(&mappings.place, at + bytes);
	return at;
}

/* At most this share of a huge page may be idle if it is filled with mappings of the same size. */
#define IDLE_SHARE 4

/*
 * Is a mapping smaller than a unit of such a size that several fill one? For example malloc's block
 * of 1M has one small page more: only one fits into a huge page, and half of that would be lost.
 */
static bool packs_well(size_t bytes)
{
	const size_t unit_bytes = mappings.place.region.unit_bytes;

	return unit_bytes % bytes <= unit_bytes / IDLE_SHARE;
}

uintptr_t mmap_owner_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc)
{
	struct region *region = &mappings.place.region;
	uintptr_t at = 0;

	(void)by_libc;
	if (protection != READ_WRITE || (flags & ~MAP_NORESERVE) != (MAP_PRIVATE | MAP_ANONYMOUS) ||
	    bytes < mappings.threshold || bytes > region->limit - region->start)
		return 0;
	/* If the program prefers a place outside of the region, the kernel decides: the program may
	 * have a reason. */
	if (hint && !region_touches(region, hint, hint + 1))
		return 0;
	if (!lock_take())
		return 0;
	bytes = align_up(bytes, region->base_bytes);
	if (bytes >= region->page_bytes || bytes >= region->unit_bytes)
		at = map_whole(hint, bytes, flags);
	else if (mappings.threshold < region->unit_bytes && !hint && packs_well(bytes))
		at = placement_pack(&mappings.place, bytes);
	lock_release();
	return at;
}

static uintptr_t owner_place(struct region *region, size_t bytes)
{
	(void)region;
	return bytes < region->page_bytes ? 0 : placement_take(&mappings.place, bytes, 0);
}

static int owner_fill(struct region *region, uintptr_t from, uintptr_t to)
{
	/* Up to the next page boundary the huge page belongs to another mapping, or to none. */
	uintptr_t boundary = align_up(from, region->page_bytes);
	size_t huge_bytes = 0;
	int failed = 0;

	if (boundary > to)
		boundary = to;
	if (boundary > from)
		failed = source_map_small(region->source, from, boundary - from);
	if (!failed && to > boundary)
		failed = fill(boundary, to - boundary,
			      mappings_may_take(to - boundary) ? to - boundary : 0, &huge_bytes);
	if (failed) {
		if (boundary > from)
			sys_munmap(from, boundary - from);
		return -ENOMEM;
	}
	if (boundary > from)
		placement_used(&mappings.place, from, boundary);
	if (to > boundary)
		note_filled(boundary, to - boundary, huge_bytes);
	return 0;
}

static void owner_mapped(struct region *region, uintptr_t from, uintptr_t to)
{
	(void)region;
	placement_used(&mappings.place, from, to);
}

static void owner_unmapped(struct region *region, uintptr_t from, uintptr_t to)
{
	(void)region;
	placement_unused(&mappings.place, from, to);
}

/*
 * A tail that shares its huge page with no other mapping is unmapped together with the whole page;
 * otherwise the page would be split, which costs a copy of it.
 */
static bool owner_unmap(struct region *region, uintptr_t from, uintptr_t to)
{
	uintptr_t end = align_up(to, region->page_bytes);

	if (from % region->page_bytes || to == end || to >= region->limit ||
	    !region_huge_at(region, to) || !placement_is_unused(&mappings.place, to, end) ||
	    sys_munmap(from, end - from))
		return false;
	page_state_replaced(region, from, end);
	placement_unused(&mappings.place, from, end);
	return true;
}

const struct region_owner mmap_owner = {
	.unmap = owner_unmap,
	.open = reservations_open,
	.opened = reservations_opened,
	.place = owner_place,
	.fill = owner_fill,
	.mapped = owner_mapped,
	.unmapped = owner_unmapped,
};
