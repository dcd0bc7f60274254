/*
 * fork: parent and child both keep memory that they can write to: see fork.h.
 *
 * There are two ways to give the child pages of its own. Where the parent has one thread, the child
 * copies, out of the pool if it can, and the parent waits. Where other threads of the parent go on
 * writing, and the pool is empty, the kernel would take from the child each page that they write
 * to: so the parent copies into small memory before it forks, and keeps its own pages from being
 * shared at all. (What other threads write meanwhile may be in the copy or not, as with the
 * kernel's own fork, which shares page after page while they run.)
 *
 * In the child: system calls and memory copies only; other threads' locks may be held for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/aside.h"
#include "base/log.h"
#include "base/sys.h"
#include "calls/fork.h"
#include "calls/state.h"
#include "hook/patch.h"
#include "pages/sizes.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/split.h"

/* Up to here memory is copied, whatever the pool holds: it takes milliseconds, and is safe. */
#define SMALL_BYTES ((size_t)64 << 20)
/* More is copied only while it is at most this share of the memory that is available. */
#define MEMORY_SHARE 2
/* What a child copies in one piece: a piece that the pool can't give as a whole is small memory. */
#define PIECE_BYTES ((size_t)32 << 20)

/*
 * Pages above this size are never left to the kernel's sharing while there is memory for a copy:
 * Linux 6.18.44 loses such pages in the child now and then (a private page of 1 GiB reads as zero
 * there; seen in 2 to 11 of 40 forks, without this library, too). Pages of 2 MiB it does not.
 */
#define SHARED_PAGE_BYTES_MAX ((size_t)512 << 20)

static pid_t (*real_fork)(void);

enum way { WAY_SHARE, WAY_CHILD_COPIES, WAY_PARENT_COPIES };

/* What the parent copied: what was at address is at copy, too; copy 0: whole pages kept back. */
struct piece {
	uintptr_t address, copy;
	size_t bytes;
};

/*
 * What one fork agreed on before it happened. Under the lock, and with all signals blocked: a
 * handler that forks, too, does so before or after. (Not in a sandbox, where such a fork finds the
 * lock taken, and shares all.)
 */
static struct {
	bool blocked; /* signals are, and these were before: */
	uint64_t signals;
	bool inherited_alone; /* only pages without a reservation are copied */
	enum way way;
	int ends[2]; /* of a pipe: the child closes its end when its memory is its own; -1: none */

	/* what the parent copied: a list, mapped, and all the copies, side by side */
	struct piece *pieces;
	size_t piece_count, pieces_bytes;
	uintptr_t copies;
	size_t copies_bytes;
} agreed;

/* Locks are not inherited: a locked page is like others. */
static bool needs_copy(const struct region *region, size_t page)
{
	const unsigned int state = region->pages[page] & ~PAGE_LOCKED;

	return state == (PAGE_HUGE | PAGE_INHERITED) ||
	       (state == PAGE_HUGE && !agreed.inherited_alone);
}

/*
 * The next run of pages from *page on that a child needs copies of. What the program protected or
 * keeps from children stays as the kernel has it; so does what may go. False: there is none.
 */
static bool next_run(const struct region *region, size_t *page, size_t *count)
{
	/* Above that nothing was ever touched, nor need it be. */
	size_t end = region_page(region, region->high + region->page_bytes - 1);
	size_t run;

	if (region->may_go)
		end = *page;
	while (*page < end && !needs_copy(region, *page))
		++*page;
	for (run = *page; run < end && needs_copy(region, run); run++)
		;
	*count = run - *page;
	return *count > 0;
}

/* The next run of units in use from *unit on, before end. False: there is none. */
static bool next_used(const struct region *region, size_t *unit, size_t end, size_t *count)
{
	size_t run;

	while (*unit < end && !(region->units[*unit] & UNIT_USED))
		++*unit;
	for (run = *unit; run < end && region->units[run] & UNIT_USED; run++)
		;
	*count = run - *unit;
	return *count > 0;
}

/* So many sizes of pages at most are told from each other. */
#define PAGE_SIZES 4

/* How much a fork concerns: whole pages, what is in use of them, and in how many runs that is. */
struct extent {
	size_t page_bytes, used_bytes, runs;
	struct {
		size_t size, bytes;
	} by_size[PAGE_SIZES];        /* page_bytes, by the size of the page */
	const struct region *largest; /* one with the largest pages; NULL: there are no runs */
	const char *name;             /* of what is on them, for people */
};

static void add_to_extent(struct extent *extent, const struct region *region, size_t bytes)
{
	extent->page_bytes += bytes;
	extent->runs++;
	if (!extent->name)
		extent->name = region->name;
	else if (region->name && strcmp(extent->name, region->name))
		extent->name = "memory";
	if (!extent->largest || region->page_bytes > extent->largest->page_bytes)
		extent->largest = region;
	for (int i = 0; i < PAGE_SIZES; i++)
		if (!extent->by_size[i].size || extent->by_size[i].size == region->page_bytes) {
			extent->by_size[i].size = region->page_bytes;
			extent->by_size[i].bytes += bytes;
			break;
		}
}

static void measure_region(struct extent *extent, const struct region *region)
{
	size_t page_units = region->page_bytes / region->unit_bytes;
	size_t page = 0, count;

	for (; next_run(region, &page, &count); page += count) {
		size_t unit = page * page_units, end = (page + count) * page_units, units;

		add_to_extent(extent, region, count * region->page_bytes);
		for (; next_used(region, &unit, end, &units); unit += units) {
			extent->used_bytes += units * region->unit_bytes;
			extent->runs++;
		}
	}
}

static struct extent measure(void)
{
	struct extent extent = {0};
	const struct region *region;

	for (region = registry_first(); region; region = registry_next(region))
		measure_region(&extent, region);
	return extent;
}

static long map_hugetlb(size_t page_bytes, size_t bytes)
{
	int shift = __builtin_ctzl(page_bytes);

	return sys_mmap(0, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (shift << MAP_HUGE_SHIFT), -1,
			0);
}

/* Could the pools give so much just now? Two system calls a pool, no page is touched. */
static bool pools_serve(const struct extent *extent)
{
	for (int i = 0; i < PAGE_SIZES && extent->by_size[i].size; i++) {
		long mapped = map_hugetlb(extent->by_size[i].size, extent->by_size[i].bytes);

		if (SYS_IS_ERROR(mapped))
			return false;
		sys_munmap((uintptr_t)mapped, extent->by_size[i].bytes);
	}
	return true;
}

static bool kernel_may_lose(const struct extent *extent)
{
	return extent->largest && extent->largest->page_bytes > SHARED_PAGE_BYTES_MAX;
}

static enum way way_to_copy(const struct extent *extent, bool others)
{
	return others || kernel_may_lose(extent) ? WAY_PARENT_COPIES : WAY_CHILD_COPIES;
}

static enum way choose_way(const struct extent *extent, bool others)
{
	const bool kernel_loses = kernel_may_lose(extent);
	const enum way copy = way_to_copy(extent, others);

	if (!extent->page_bytes || (libc_calls.fork == FORK_COW && !kernel_loses))
		return WAY_SHARE;
	if (libc_calls.fork == FORK_COPY || extent->used_bytes <= SMALL_BYTES)
		return copy;
	if (!kernel_loses && pools_serve(extent))
		return WAY_SHARE;
	if (!sys_sandboxed && extent->used_bytes <= sizes_available_memory() / MEMORY_SHARE)
		return copy;
	log_warning_once(
		"%s: a fork with %zu MB on huge pages, and neither the pool nor the memory for a "
		"copy: where parent and child both write, the child may get SIGBUS%s (see "
		"HUGETLB_FORK)",
		extent->name ? extent->name : "memory", extent->used_bytes >> 20,
		kernel_loses ? ", or find pages empty" : "");
	return WAY_SHARE;
}

/*
 * A program's data is needed at every instant, in libc's fork() itself too: it is never kept from
 * the child. Where the pool can't give the child its own copies, on writing, it becomes small
 * before the fork.
 */
static void make_running_small(void)
{
	struct extent extent = {0};
	struct region *region;

	for (region = registry_first(); region; region = registry_next(region))
		if (region->running)
			measure_region(&extent, region);
	if (!extent.page_bytes || pools_serve(&extent))
		return;
	for (region = registry_first(); region; region = registry_next(region))
		for (size_t page = 0, count; region->running && next_run(region, &page, &count);
		     page += count)
			if (split_pages(region, region_page_address(region, page),
					region_page_address(region, page + count), true))
				break;
}

/* Ends what parent_copies() did, in the parent. */
static void drop_copies(void)
{
	for (size_t i = 0; i < agreed.piece_count; i++)
		if (!agreed.pieces[i].copy)
			sys_madvise(agreed.pieces[i].address, agreed.pieces[i].bytes, MADV_DOFORK);
	if (agreed.copies)
		sys_munmap(agreed.copies, agreed.copies_bytes);
	if (agreed.pieces)
		sys_munmap((uintptr_t)agreed.pieces, agreed.pieces_bytes);
	agreed.pieces = NULL;
	agreed.piece_count = 0;
	agreed.copies = 0;
}

/* Notes a piece; -ENOMEM where arenas that opened meanwhile made the list too short. */
static int add_piece(uintptr_t address, uintptr_t copy, size_t bytes)
{
	if ((agreed.piece_count + 1) * sizeof(struct piece) > agreed.pieces_bytes)
		return -ENOMEM;
	agreed.pieces[agreed.piece_count++] = (struct piece){address, copy, bytes};
	return 0;
}

/* Copies what is in use of a run of pages. */
static int copy_used(const struct region *region, size_t page, size_t count, size_t *used)
{
	size_t unit = page * (region->page_bytes / region->unit_bytes), units;
	size_t end = (page + count) * (region->page_bytes / region->unit_bytes);

	for (; next_used(region, &unit, end, &units); unit += units) {
		uintptr_t from = region_unit_address(region, unit);
		uintptr_t to = agreed.copies + *used;
		size_t bytes = units * region->unit_bytes;

		if (*used + bytes > agreed.copies_bytes || add_piece(from, to, bytes))
			return -ENOMEM;
		memcpy((void *)to, (void *)from, bytes);
		*used += bytes;
	}
	return 0;
}

/*
 * Linux 7.2 refuses MADV_DOFORK for hugetlb pages: what was kept back there would be so for ever.
 * It is shared, then, until the child replaces it.
 */
static long keep_back(uintptr_t address, size_t bytes)
{
	if (sys_madvise(address, bytes, MADV_DOFORK))
		return 0;
	return sys_madvise(address, bytes, MADV_DONTFORK);
}

/*
 * Copies a run of pages and then keeps the pages from the child. On failure the run is shared, as
 * without us; what was kept back before has its copy.
 */
static void keep_run(const struct region *region, size_t page, size_t count, size_t *used)
{
	uintptr_t address = region_page_address(region, page);
	size_t bytes = count * region->page_bytes;
	size_t pieces_before = agreed.piece_count, used_before = *used;

	if (!copy_used(region, page, count, used) && !add_piece(address, 0, bytes) &&
	    !keep_back(address, bytes))
		return;
	agreed.piece_count = pieces_before;
	*used = used_before;
}

/* Before the fork: copies what is in use, and keeps all pages to the parent. 0 or -ENOMEM. */
static int parent_copies(const struct extent *extent)
{
	/* Arenas may open while we copy: there is some room for them. */
	const size_t room = (size_t)64 << 20;
	const struct region *region;
	size_t used = 0;
	long mapped;

	agreed.pieces_bytes = (extent->runs + 64) * sizeof(struct piece);
	agreed.copies_bytes = extent->used_bytes + room;
	/* not between the segments of a library that another thread loads just now */
	mapped = aside_map(agreed.pieces_bytes, 0);
	if (SYS_IS_ERROR(mapped))
		return -ENOMEM;
	agreed.pieces = (struct piece *)mapped;
	mapped = split_map_aside(extent->largest, agreed.copies_bytes);
	if (SYS_IS_ERROR(mapped)) {
		drop_copies();
		return -ENOMEM;
	}
	agreed.copies = (uintptr_t)mapped;
	for (region = registry_first(); region; region = registry_next(region)) {
		size_t page = 0, count;

		for (; !region->running && next_run(region, &page, &count); page += count)
			keep_run(region, page, count, &used);
	}
	return 0;
}

/* Decides what is copied, and by whom. */
static struct extent agree_on_way(bool others)
{
	struct extent extent;

	agreed.inherited_alone = false;
	if (libc_calls.fork != FORK_COW)
		make_running_small();
	extent = measure();
	agreed.way = choose_way(&extent, others);
	if (agreed.way != WAY_SHARE)
		return extent;
	agreed.inherited_alone = true;
	extent = measure();
	if (extent.page_bytes)
		agreed.way = way_to_copy(&extent, others);
	return extent;
}

static bool block_signals(uint64_t *before)
{
	const uint64_t all = UINT64_MAX;

	return !sys_sandboxed && !sys_block_signals(&all, before);
}

bool fork_begin(void)
{
	struct extent extent;
	uint64_t signals = 0;
	bool blocked = block_signals(&signals);

	if (!lock_take()) {
		if (blocked)
			sys_restore_signals(&signals);
		return false;
	}
	agreed.blocked = blocked;
	agreed.signals = signals;
	agreed.ends[0] = agreed.ends[1] = -1;
	extent = agree_on_way(!process_single_threaded());
	if (agreed.way == WAY_PARENT_COPIES && parent_copies(&extent))
		agreed.way = WAY_SHARE;
	/* In a sandbox a pipe may be forbidden, or there is none to spare: then nobody waits, and
	 * what the parent writes meanwhile may cost the child a page. */
	if (agreed.way == WAY_CHILD_COPIES && !sys_sandboxed &&
	    SYS_IS_ERROR(sys_pipe2(agreed.ends, O_CLOEXEC)))
		agreed.ends[0] = agreed.ends[1] = -1;
	return true;
}

/*
 * Has the kernel make the copies, as for a write, out of the pool. It spares what a mapping of our
 * own would cost: clearing the pages before. False: the pool has not enough for all of them (or the
 * kernel can't tell, before 5.14); what it had is the child's.
 */
static bool own_huge_pages(struct region *region, size_t page, size_t count)
{
	if (!region->source->populate_write ||
	    sys_madvise(region_page_address(region, page), count * region->page_bytes,
			MADV_POPULATE_WRITE))
		return false;
	for (size_t i = page; i < page + count; i++)
		region->pages[i] |= PAGE_INHERITED;
	return true;
}

/* Puts small pages in the place of [page, page + count). Without memory for them all is shared. */
static void own_small_pages(struct region *region, size_t page, size_t count)
{
	uintptr_t address = region_page_address(region, page);
	size_t bytes = count * region->page_bytes;
	long copy = split_map_aside(region, bytes), moved;

	if (SYS_IS_ERROR(copy))
		return;
	memcpy((void *)copy, (void *)address, bytes);
	moved = sys_mremap((uintptr_t)copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, address);
	if (SYS_IS_ERROR(moved)) {
		sys_munmap((uintptr_t)copy, bytes);
		return;
	}
	for (size_t i = page; i < page + count; i++)
		region_set_small(region, i, UNIT_MAPPED);
}

static void child_copies(struct region *region)
{
	size_t most = PIECE_BYTES < region->page_bytes ? 1 : PIECE_BYTES / region->page_bytes;
	size_t page = 0, count;
	bool huge = true;

	for (; next_run(region, &page, &count); page += count) {
		if (count > most)
			count = most;
		huge = huge && own_huge_pages(region, page, count);
		if (!huge)
			own_small_pages(region, page, count);
	}
}

/* One piece comes to where it belongs: moved, or, where that fails, copied once more. */
static void take_copy(const struct piece *piece)
{
	long at = sys_mremap(piece->copy, piece->bytes, piece->bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
			     piece->address);

	if (!SYS_IS_ERROR(at))
		return;
	at = sys_mmap(piece->address, piece->bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (!SYS_IS_ERROR(at))
		memcpy((void *)piece->address, (void *)piece->copy, piece->bytes);
}

/* What the parent copied comes to where it belongs, which is emptied in the child. */
static void child_takes_copies(void)
{
	const struct piece *const pieces = agreed.pieces, *const end = pieces + agreed.piece_count;
	struct region *region;

	for (const struct piece *piece = pieces; piece < end; piece++) {
		size_t page;

		region = registry_at(piece->address);
		page = region_page(region, piece->address);
		if (piece->copy)
			continue;
		sys_munmap(piece->address, piece->bytes); /* where it was not kept back */
		for (size_t n = 0; n < piece->bytes / region->page_bytes; n++)
			region_set_small(region, page + n, 0);
	}
	for (const struct piece *piece = pieces; piece < end; piece++) {
		size_t unit;

		if (!piece->copy)
			continue;
		take_copy(piece);
		region = registry_at(piece->address);
		unit = region_unit(region, piece->address);
		for (size_t n = 0; n < piece->bytes / region->unit_bytes; n++)
			region->units[unit + n] |= UNIT_MAPPED;
	}
	for (region = registry_first(); region; region = registry_next(region))
		if (region->owner && region->owner->refit)
			region->owner->refit(region);
	sys_munmap((uintptr_t)agreed.pieces, agreed.pieces_bytes);
	sys_munmap(agreed.copies, agreed.copies_bytes); /* what is left of it */
	agreed.pieces = NULL;
	agreed.piece_count = 0;
	agreed.copies = 0;
}

void fork_end_in_child(void)
{
	struct region *region;

	lock_reset_in_child();
	for (region = registry_first(); region; region = registry_next(region))
		page_state_locked(region, region->start, region->high, false);
	if (agreed.way == WAY_CHILD_COPIES)
		for (region = registry_first(); region; region = registry_next(region))
			child_copies(region);
	else if (agreed.way == WAY_PARENT_COPIES)
		child_takes_copies();
	for (int i = 0; i < 2; i++)
		if (agreed.ends[i] >= 0)
			sys_close(agreed.ends[i]);
	if (agreed.blocked)
		sys_restore_signals(&agreed.signals);
}

/* Waits until the child has closed its end of the pipe. */
void fork_end_in_parent(void)
{
	const uint64_t signals = agreed.signals;
	const bool blocked = agreed.blocked;
	char byte;

	if (agreed.ends[0] >= 0) {
		sys_close(agreed.ends[1]);
		while (sys_read(agreed.ends[0], &byte, 1) == -EINTR)
			;
		sys_close(agreed.ends[0]);
	}
	drop_copies();
	lock_release();
	if (blocked)
		sys_restore_signals(&signals);
}

/* Stands in for _Fork inside libc's fork. */
static pid_t fork_with_memory(void)
{
	const bool agreed_on = libc_calls.active && fork_begin();
	pid_t child = real_fork();

	if (!agreed_on)
		return child;
	if (!child)
		fork_end_in_child();
	else
		fork_end_in_parent();
	return child;
}

int fork_prepare(const struct libc *libc)
{
	uintptr_t callee;

	if (patch_call(libc, "fork", "_Fork", (uintptr_t)fork_with_memory, &callee))
		return -ENOENT;
	real_fork = (pid_t(*)(void))callee;
	return 0;
}
