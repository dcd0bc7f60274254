/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of huge pages that a parent makes for a child: see fork_copies.h.
 *
 * What other threads write meanwhile may or may not be in a copy. The kernel's own fork behaves the
 * same way: it shares page after page while they run.
 */
#include <errno.h>
#include <string.h>

#include "base/align.h"
#include "base/aside.h"
#include "base/sys.h"
#include "calls/fork_copies.h"
#include "pages/first_touch.h"
#include "pages/move.h"
#include "pages/sparse.h"
#include "region/mempolicy.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/split.h"

/* Arenas may open while pages are copied: the lists have this many spare entries. */
#define SPARE_PIECES 64
#define SPARE_BYTES  ((size_t)64 << 20)

/* If this much of a unit is in use, it is copied into one transparent huge page. */
#define FULL_SHARE(unit_bytes) ((unit_bytes) / 4 * 3)

/* The content of `address` is also at `copy`; copy 0: whole pages that the child does not get. */
struct piece {
	uintptr_t address, copy;
	size_t bytes;
	bool altered;   /* a copy with its own protection or advice, which in the child only the
			 * kernel knows */
	bool kept_back; /* with copy 0: the kernel withholds the pages from the child */
};

static struct {
	struct piece *pieces; /* mapped */
	size_t count, pieces_bytes;
	uintptr_t area; /* all copies, one after the other */
	size_t area_bytes, area_used;
	bool content; /* only what is not zero */
} made;

/* Does the kernel undo MADV_DONTFORK for hugetlb pages? Linux 7.2 does not. */
static enum { UNKNOWN, UNDOES, KEEPS_FOR_EVER } dontfork;

/* -ENOMEM: other threads have opened memory meanwhile, and the list is too short. */
static int add_piece(uintptr_t address, uintptr_t copy, size_t bytes)
{
	if ((made.count + 1) * sizeof(struct piece) > made.pieces_bytes)
		return -ENOMEM;
	made.pieces[made.count++] =
		(struct piece){.address = address, .copy = copy, .bytes = bytes};
	return 0;
}

/* A unit gets a transparent huge page only if most of it is not zero. */
static void copy_content(const struct region *region, uintptr_t to, uintptr_t from, size_t bytes)
{
	const size_t unit = region->unit_bytes;

	for (size_t done = 0; done < bytes; done += unit) {
		const size_t used = sparse_bytes(from + done, unit, region->base_bytes);

		if (region->source->thp && used > FULL_SHARE(unit))
			sys_madvise(to + done, unit, MADV_HUGEPAGE);
		sparse_copy(to + done, from + done, unit, region->base_bytes);
	}
}

/*
 * Copies the used part of a run of units. The last unit gets no transparent huge page unless most
 * of it is in use, because the whole page would be cleared. Pages of 1 GiB are mostly empty.
 */
static long copy_readable(const struct region *region, uintptr_t to, uintptr_t from, size_t bytes)
{
	size_t full = align_down(bytes, region->unit_bytes);

	/* most of the program's data is often zero (bss) */
	if (region->data || made.content) {
		copy_content(region, to, from, bytes);
		return 0;
	}
	if (bytes - full > FULL_SHARE(region->unit_bytes))
		full = bytes;
	if (full && region->source->thp)
		sys_madvise(to, align_up(full, region->unit_bytes), MADV_HUGEPAGE);
	if (region->page_bytes > region->unit_bytes)
		sparse_copy(to, from, full, region->unit_bytes);
	else
		memcpy((void *)to, (const void *)from, full);
	sparse_copy(to + full, from + full, bytes - full, region->base_bytes);
	return 0;
}

long fork_give_state(unsigned int state, uintptr_t copy, size_t bytes)
{
	const int rights = page_state_rights(state);
	const long key = state >> PAGE_KEY_SHIFT;
	long failed = 0;

	if (state & PAGE_DONTDUMP)
		sys_madvise(copy, bytes, MADV_DONTDUMP);
	if (key)
		failed = sys_call(SYS_pkey_mprotect, copy, bytes, rights, key);
	else if (rights != (PROT_READ | PROT_WRITE))
		failed = sys_mprotect(copy, bytes, rights);
	return failed;
}

long fork_open_to_read(unsigned int state, uintptr_t address, size_t bytes)
{
	if (state >> PAGE_KEY_SHIFT)
		return sys_call(SYS_pkey_mprotect, address, bytes, PROT_READ, 0);
	return sys_mprotect(address, bytes, PROT_READ);
}

/* The state and NUMA policy of the run's first page apply to the whole run. */
struct page_run {
	const struct region *region;
	size_t page, count;
	unsigned int state;
	struct mempolicy policy;
};

/* Nobody else runs who could see that it may be read. */
static long read_opened(const struct page_run *run, uintptr_t to, uintptr_t from, size_t bytes)
{
	const uintptr_t start = region_page_address(run->region, run->page);
	const size_t run_bytes = run->count * run->region->page_bytes;
	long failed = fork_open_to_read(run->state, start, run_bytes);

	if (!failed)
		sparse_copy(to, from, bytes, run->region->base_bytes);
	/* Refused only for want of memory, of which there may be some at the second try. */
	if (fork_give_state(run->state, start, run_bytes))
		fork_give_state(run->state, start, run_bytes);
	return failed;
}

/* A kernel may refuse to read protected memory through /proc/self/mem: Debian's 7.2 does. */
static long copy_unreadable(const struct page_run *run, uintptr_t to, uintptr_t from, size_t bytes)
{
	long failed;

	if (sys_sandboxed)
		return -EPERM;
	failed = sparse_copy_unreadable(to, from, bytes);
	return failed && process_alone() ? read_opened(run, to, from, bytes) : failed;
}

/* How many of the bytes from `from` on are in pages that were all touched, or all were not. Only
 * where the first touch chooses a page's node are there any that were not. */
static size_t touched_alike(const struct page_run *run, uintptr_t from, size_t bytes, bool *touched)
{
	size_t alike = run->region->page_bytes;

	*touched = true;
	if (!first_touch_is_known())
		return bytes;
	*touched = !first_touch_awaited(from);
	while (alike < bytes && first_touch_awaited(from + alike) != *touched)
		alike += run->region->page_bytes;
	return alike < bytes ? alike : bytes;
}

/* What nobody has touched is zero, and reading it would populate it on this thread's node. */
static long copy_touched(const struct page_run *run, uintptr_t to, uintptr_t from, size_t bytes)
{
	long failed = 0;

	for (size_t done = 0, alike; !failed && done < bytes; done += alike) {
		bool touched;

		alike = touched_alike(run, from + done, bytes - done, &touched);
		if (!touched)
			continue;
		if (fork_may_read(run->state))
			failed = copy_readable(run->region, to + done, from + done, alike);
		else
			failed = copy_unreadable(run, to + done, from + done, alike);
	}
	return failed;
}

static int copy_units(const struct page_run *run, size_t unit, size_t units)
{
	const struct region *region = run->region;
	const uintptr_t from = region_unit_address(region, unit), to = made.area + made.area_used;
	const size_t bytes = units * region->unit_bytes;
	const size_t used = fork_used_bytes(region, unit, bytes);
	long failed;

	if (made.area_used + bytes > made.area_bytes || add_piece(from, to, bytes))
		return -ENOMEM;
	made.pieces[made.count - 1].altered = run->state & (PAGE_PROTECTED | PAGE_DONTDUMP);
	mempolicy_apply(&run->policy, to, bytes);
	failed = copy_touched(run, to, from, used);
	if (!failed)
		failed = fork_give_state(run->state, to, bytes);
	made.area_used += bytes;
	return failed ? -ENOMEM : 0;
}

static int copy_used(const struct page_run *run)
{
	const size_t page_units = run->region->page_bytes / run->region->unit_bytes;
	size_t unit = run->page * page_units, end = unit + run->count * page_units, units;
	int failed = 0;

	for (; !failed && fork_next_used(run->region, &unit, end, &units); unit += units)
		failed = copy_units(run, unit, units);
	return failed;
}

/* Pages that cannot be withheld are shared until the child replaces them. */
static bool keep_back(uintptr_t address, size_t bytes)
{
	if (dontfork == UNKNOWN)
		dontfork = sys_madvise(address, bytes, MADV_DOFORK) ? KEEPS_FOR_EVER : UNDOES;
	return dontfork == UNDOES && !sys_madvise(address, bytes, MADV_DONTFORK);
}

/* On failure the run is shared, as without the library. */
static int keep_run(const struct region *region, size_t page, size_t count)
{
	struct page_run run = {
		.region = region, .page = page, .count = count, .state = region->pages[page]};
	const uintptr_t address = region_page_address(region, page);
	const size_t bytes = count * region->page_bytes;
	const size_t count_before = made.count, used_before = made.area_used;

	mempolicy_read(address, &run.policy);
	if (!copy_used(&run) && !add_piece(address, 0, bytes)) {
		made.pieces[made.count - 1].kept_back = keep_back(address, bytes);
		return 0;
	}
	made.count = count_before;
	/*
	 * Part of the area may have been protected: it is not used again. Its memory goes, but not
	 * its addresses, where another thread might map something before the area is unmapped.
	 */
	if (made.area_used > used_before &&
	    SYS_IS_ERROR(sys_mmap(made.area + used_before, made.area_used - used_before, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)))
		made.area_used = used_before;
	return -ENOMEM;
}

/* The size of the copies, in whole units. */
static size_t area_bytes(enum fork_walk walk)
{
	const struct region *region;
	size_t bytes = 0;

	for (region = registry_first(); region; region = registry_next(region)) {
		const size_t page_units = region->page_bytes / region->unit_bytes;
		size_t page = 0, count;

		for (; fork_next_run(region, walk, &page, &count); page += count) {
			size_t unit = page * page_units, end = (page + count) * page_units, units;

			for (; fork_next_used(region, &unit, end, &units); unit += units)
				bytes += units * region->unit_bytes;
		}
	}
	return bytes;
}

int fork_copies_make(const struct fork_extent *extent, enum fork_walk walk, bool content)
{
	const struct region *region;
	int failed = 0;
	long mapped;

	made.count = made.area_used = 0;
	made.content = content;
	made.pieces_bytes = (extent->runs + SPARE_PIECES) * sizeof(struct piece);
	made.area_bytes = area_bytes(walk) + SPARE_BYTES;
	/* not between the segments of a library that another thread is loading */
	mapped = aside_map(made.pieces_bytes, 0);
	if (SYS_IS_ERROR(mapped))
		return -ENOMEM;
	made.pieces = (struct piece *)mapped;
	/* no advice to use huge pages: that is given for each part when it is filled */
	mapped = sys_mmap_aligned(made.area_bytes, extent->largest->unit_bytes,
				  PROT_READ | PROT_WRITE);
	if (SYS_IS_ERROR(mapped)) {
		fork_copies_drop();
		return -ENOMEM;
	}
	made.area = (uintptr_t)mapped;
	for (region = registry_first(); region; region = registry_next(region)) {
		size_t page = 0, count;

		for (; fork_next_run(region, walk, &page, &count); page += count)
			if (keep_run(region, page, count))
				failed = -ENOMEM;
	}
	return failed;
}

/* Unmaps the list and the rest of the copies. */
static void unmap_all(void)
{
	if (made.area)
		sys_munmap(made.area, made.area_bytes);
	if (made.pieces)
		sys_munmap((uintptr_t)made.pieces, made.pieces_bytes);
	made.pieces = NULL;
	made.count = 0;
	made.area = 0;
}

/* The kernel never refuses this call; the retry is for a test in which it does. */
static void let_go(const struct piece *piece)
{
	if (sys_madvise(piece->address, piece->bytes, MADV_DOFORK))
		sys_madvise(piece->address, piece->bytes, MADV_DOFORK);
}

void fork_copies_drop(void)
{
	for (size_t i = 0; i < made.count; i++)
		if (made.pieces[i].kept_back)
			let_go(&made.pieces[i]);
	unmap_all();
}

/* Records that nothing but the copies, which follow, is there. */
static void empty_pages(struct region *region, const struct piece *piece)
{
	const size_t first = region_page(region, piece->address);

	if (!piece->kept_back)
		sys_munmap(piece->address, piece->bytes);
	for (size_t page = first; page < first + piece->bytes / region->page_bytes; page++)
		region_set_small(region, page, 0);
}

/* Moves a copy to its place or, if that fails, copies it once more. */
static void place_copy(struct region *region, const struct piece *piece)
{
	const size_t first = region_unit(region, piece->address);

	move_over(piece->copy, piece->bytes, piece->address, PROT_READ | PROT_WRITE, 0);
	for (size_t unit = first; unit < first + piece->bytes / region->unit_bytes; unit++)
		region->units[unit] |=
			(unsigned char)(UNIT_MAPPED | (piece->altered ? UNIT_ALTERED : 0));
}

void fork_copies_take(void)
{
	const struct piece *const end = made.pieces + made.count;
	struct region *region;

	for (const struct piece *piece = made.pieces; piece < end; piece++)
		if (!piece->copy)
			empty_pages(registry_at(piece->address), piece);
	for (const struct piece *piece = made.pieces; piece < end; piece++)
		if (piece->copy)
			place_copy(registry_at(piece->address), piece);
	for (region = registry_first(); region; region = registry_next(region))
		if (region->owner && region->owner->refit)
			region->owner->refit(region);
	unmap_all();
}
