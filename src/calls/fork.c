/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork: parent and child both keep memory that they can write to: see fork.h.
 *
 * Before the fork the parent copies what the child would lose (fork_copies.h). Some pages cannot be
 * withheld from a child in this way, because it needs them from its first instruction on: those of
 * the stack and the thread descriptor that it runs on, and the data of libc and of this library.
 * They are split into base pages before the fork. If that is impossible (other threads run, and
 * cannot be stopped), the child copies them before anything else.
 *
 * In the child: system calls and memory copies only; other threads' locks may be held for ever.
 *
 * Even a child that has nothing to do costs page faults: for each page of the library's text that
 * it runs, and for each page that parent or child write to. Functions that every child runs are
 * marked as hot, so that the linker places them together.
 */
#include <errno.h>
#include <layout.h>
#include <string.h>
#include <sys/auxv.h>
#include <task.h>

#include "base/log.h"
#include "base/sys.h"
#include "calls/fork.h"
#include "calls/fork_copies.h"
#include "calls/fork_often.h"
#include "calls/fork_pages.h"
#include "calls/state.h"
#include "hook/patch.h"
#include "pages/move.h"
#include "pages/sizes.h"
#include "proc/memory_limit.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/registry.h"
#include "region/split.h"
#include "region/verify.h"

/* Up to this size memory is always copied, whatever the pool has: that takes milliseconds, and is
 * safe. */
#define SMALL_BYTES ((size_t)64 << 20)
/* More is copied only if it is at most this share of the available memory. */
#define MEMORY_SHARE 2

/* Up to this size it is read to find what is zero, if there is no space for all of it: that takes
 * 0.1 s per GB. */
#define SCAN_BYTES_MAX ((size_t)2 << 30)

/*
 * Pages above this size are never left to the kernel's copy on write if there is memory for a copy:
 * Linux 6.18.44 sometimes loses such pages in the child (a private page of 1 GiB reads as zero
 * there; seen in 2 to 11 of 40 forks, also without this library). Pages of 2 MiB are not affected.
 */
#define SHARED_PAGE_BYTES_MAX ((size_t)512 << 20)

/*
 * How much the child needs below its thread pointer, and above it: libc's descriptor of the thread,
 * to which the kernel writes as well (rseq). And how much of the stack below and above the frame of
 * fork_begin().
 */
#define DESCRIPTOR_BYTES ((size_t)4096)
#define FRAMES_BYTES     ((size_t)4096)
#define CALLERS_BYTES    ((size_t)1024)

static pid_t (*real_fork)(void);

bool fork_happened;

/* Two steps run on this stack, unless the program's is the main thread's, on its first bytes: the
 * program has touched those pages anyway, and each further page costs a fork two page faults. */
#define STACK_BYTES      ((size_t)64 << 10)
#define MAIN_STACK_BYTES ((size_t)1 << 20)
static _Alignas(64) unsigned char stack[STACK_BYTES];

enum way {
	WAY_SHARE,    /* the kernel's copy on write */
	WAY_COPY,     /* the parent copies to base pages */
	WAY_CONTENT,  /* the same, but nothing that is zero */
	WAY_POPULATE, /* the child has the kernel copy, from the pool */
};

/* What was decided for one fork before it happened. Under the lock. */
static struct agreement {
	enum way way;
	enum fork_walk walk; /* what is copied */
	bool copies;         /* fork_copies_make() was called */
	bool no_pages;       /* there are no pages that a child would lose or not get */
} agreed;

static long map_hugetlb(size_t page_bytes, size_t bytes)
{
	int shift = __builtin_ctzl(page_bytes);

	return sys_mmap(0, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (shift << MAP_HUGE_SHIFT), -1,
			0);
}

/* Do the pools have enough free pages at this moment? Two system calls per pool; no page is
 * touched. */
static bool pools_serve(const struct fork_extent *extent)
{
	for (int i = 0; i < FORK_PAGE_SIZES && extent->by_size[i].size; i++) {
		long mapped = map_hugetlb(extent->by_size[i].size, extent->by_size[i].bytes);

		if (SYS_IS_ERROR(mapped))
			return false;
		sys_munmap((uintptr_t)mapped, extent->by_size[i].bytes);
	}
	return true;
}

static bool kernel_may_lose(const struct fork_extent *extent)
{
	return extent->largest && extent->largest->page_bytes > SHARED_PAGE_BYTES_MAX;
}

static void warn_unsafe(const struct fork_extent *extent)
{
	log_warning_once(
		LOG_UNSAFE_FORK,
		"%s: a fork with %zu MB on huge pages, and too little space for a copy in the pool "
		"and in memory: if parent and child both write, the child may get SIGBUS%s (see "
		"HUGETLB_FORK)",
		extent->name ? extent->name : "memory", extent->used_bytes >> 20,
		kernel_may_lose(extent) ? ", or find pages empty" : "");
}

/* The process is killed if it exceeds its cgroup's limit. A filter may kill for opening a file. */
static bool limit_serves(const struct fork_extent *extent)
{
	return sys_sandboxed || sys_is_filtered() || memory_limit_allows(extent->used_bytes);
}

/* A copy must leave half of the available memory free; HUGETLB_FORK=copy may use all. */
static bool memory_serves(const struct fork_extent *extent, size_t share)
{
	return !sys_sandboxed && extent->used_bytes <= sizes_available_memory() / share;
}

/* Large blocks that were allocated and not written to are on huge pages, too. */
static enum way way_without_space(const struct fork_extent *extent, enum fork_walk walk)
{
	struct fork_extent content = *extent;

	if (extent->used_bytes <= SCAN_BYTES_MAX) {
		content.used_bytes = fork_content_bytes(walk);
		if (limit_serves(&content) && memory_serves(&content, MEMORY_SHARE))
			return WAY_CONTENT;
	}
	warn_unsafe(extent);
	return WAY_SHARE;
}

static enum way way_to_copy(const struct fork_extent *extent, enum fork_walk walk)
{
	const bool allowed = limit_serves(extent);

	if (allowed && (extent->used_bytes <= SMALL_BYTES || sys_sandboxed ||
			memory_serves(extent, MEMORY_SHARE)))
		return WAY_COPY;
	if (!kernel_may_lose(extent) && pools_serve(extent))
		return WAY_POPULATE;
	if (allowed && memory_serves(extent, 1))
		return WAY_COPY;
	return way_without_space(extent, walk);
}

static enum way choose_way(const struct fork_extent *extent, enum fork_walk walk)
{
	const bool kernel_loses = kernel_may_lose(extent);

	if (!extent->page_bytes || (libc_calls.fork == FORK_COW && !kernel_loses))
		return WAY_SHARE;
	if (libc_calls.fork == FORK_COPY)
		return way_to_copy(extent, walk);
	if (extent->used_bytes <= SMALL_BYTES && limit_serves(extent))
		return WAY_COPY;
	if (!kernel_loses && pools_serve(extent))
		return WAY_SHARE;
	if (memory_serves(extent, MEMORY_SHARE) && limit_serves(extent))
		return WAY_COPY;
	return way_without_space(extent, walk);
}

/*
 * Data that is not copied leaves hugetlb pages before the fork: the parent does not wait for the
 * child, and if the pool is empty when the parent first writes, the kernel takes the page away from
 * the child (SIGBUS). Checking the pool before would not help, because others take pages at any
 * moment.
 */
static void split_data(bool all)
{
	const struct split how = {.all = true, .silent = true};
	struct region *region;

	if (libc_calls.fork == FORK_COW)
		return;
	for (region = registry_first(); region; region = registry_next(region))
		for (size_t page = 0, count; (all || region->running) &&
					     fork_next_run(region, FORK_SEGMENTS, &page, &count);
		     page += count)
			if (split_range(region, region_page_address(region, page),
					region_page_address(region, page + count), &how))
				break;
}

static int split_needed(struct region *region, uintptr_t address)
{
	const struct split how = {
		.all = true,
		.sparse = region->page_bytes > SHARED_PAGE_BYTES_MAX, /* it is mostly empty */
		.silent = true,
	};

	return split_range(region, address, address + region->page_bytes, &how);
}

/* The child needs the pages of [from, to) at once. */
static void prepare_needed(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part)) {
		size_t page = region_page(part.region, part.from);
		const size_t end = region_page(part.region, part.to - 1) + 1;

		for (; !part.region->running && page < end; page++)
			if (part.region->pages[page] & PAGE_HUGE &&
			    split_needed(part.region, region_page_address(part.region, page)))
				part.region->pages[page] |= PAGE_NEEDED;
	}
}

/* The stack ends somewhere above; that part is back in place before the child returns to it. */
static void prepare_this_thread(uintptr_t frame)
{
	const uintptr_t descriptor = cpu_thread_pointer();

	prepare_needed(descriptor - DESCRIPTOR_BYTES, descriptor + DESCRIPTOR_BYTES);
	prepare_needed(frame - FRAMES_BYTES, frame + CALLERS_BYTES);
}

static struct fork_extent agree_on_walk(struct agreement *agreement, enum fork_walk walk)
{
	const struct fork_extent extent = fork_measure(walk);

	agreement->walk = walk;
	if (walk == FORK_ALL)
		agreement->way = choose_way(&extent, walk);
	else
		agreement->way = extent.page_bytes ? way_to_copy(&extent, walk) : WAY_SHARE;
	return extent;
}

/* Decides what is copied, and by which process. */
static struct fork_extent agree_on_way(struct agreement *agreement)
{
	struct fork_extent extent = agree_on_walk(agreement, FORK_ALL);

	if (agreement->way == WAY_SHARE)
		extent = agree_on_walk(agreement, FORK_AT_RISK);
	if (agreement->way == WAY_COPY && libc_calls.fork == FORK_AUTO &&
	    extent.used_bytes <= SMALL_BYTES &&
	    fork_often_counts(&extent, agreement->walk == FORK_ALL)) {
		extent = agree_on_walk(agreement, FORK_ALL);
		if (agreement->way == WAY_SHARE)
			extent = agree_on_walk(agreement, FORK_AT_RISK);
	}
	return extent;
}

static bool any_huge_page(void)
{
	const struct region *region;

	for (region = registry_first(); region; region = registry_next(region)) {
		const size_t end = region_page(region, region->high + region->page_bytes - 1);

		if (!region->may_go && region_run(region, 0, end, false) < end)
			return true;
	}
	return false;
}

static int begin(void *frame)
{
	struct agreement agreement = {.no_pages = true};
	struct fork_extent extent = {0};

	if (any_huge_page()) {
		agreement.no_pages = false;
		if (!fork_happened)
			fork_happened = true;
		verify_all();
		split_data(fork_measure(FORK_SEGMENTS).used_bytes > SMALL_BYTES);
		extent = agree_on_way(&agreement);
		agreement.copies = agreement.way == WAY_COPY || agreement.way == WAY_CONTENT;
		if (!agreement.copies)
			split_data(true);
	}
	/* An unnecessary write would cost a page fault in each fork, to copy a page that the child
	 * shares. */
	if (memcmp(&agreed, &agreement, sizeof(agreed)))
		agreed = agreement;
	if (!agreed.copies)
		return 0;
	prepare_this_thread((uintptr_t)frame);
	if (fork_copies_make(&extent, agreed.walk, agreed.way == WAY_CONTENT))
		warn_unsafe(&extent);
	return 0;
}

/* Runs a step where there is enough stack for it: a coroutine's stack may have 4 KiB. */
static void run(int (*step)(void *), void *argument)
{
	const uintptr_t main_stack_end = getauxval(AT_RANDOM);

	if (main_stack_end - (uintptr_t)__builtin_frame_address(0) < MAIN_STACK_BYTES)
		step(argument);
	else
		cpu_call_on_stack((uintptr_t)(stack + sizeof(stack)), step, argument);
}

bool fork_begin(void)
{
	if (!lock_take())
		return false;
	run(begin, __builtin_frame_address(0));
	return true;
}

/*
 * Has the kernel make the copies from the pool, as for a write. That avoids clearing the pages
 * first, as a new mapping would. False: the pool does not have enough for all of them (or the
 * kernel cannot tell, before 5.14); pages that were copied belong to the child.
 */
static bool own_huge_pages(struct region *region, size_t page, size_t count)
{
	if (!region->source->populate_write ||
	    sys_populate(region_page_address(region, page), count * region->page_bytes))
		return false;
	for (size_t i = page; i < page + count; i++)
		region->pages[i] |= PAGE_INHERITED;
	return true;
}

/* Replaces one page by base pages. Without memory for them it stays shared. */
static void own_base_pages(struct region *region, size_t page)
{
	const uintptr_t address = region_page_address(region, page);
	const unsigned int state = region->pages[page];
	const bool altered = state & (PAGE_PROTECTED | PAGE_DONTDUMP);
	const size_t bytes = region->page_bytes;
	long copy = split_map_aside(region, bytes);
	int failed;

	if (SYS_IS_ERROR(copy))
		return;
	if (!fork_may_read(state) && fork_open_to_read(state, address, bytes)) {
		sys_munmap((uintptr_t)copy, bytes);
		return;
	}
	memcpy((void *)copy, (void *)address, bytes);
	failed = move_over((uintptr_t)copy, bytes, address, PROT_READ | PROT_WRITE, 0);
	if (failed)
		sys_munmap((uintptr_t)copy, bytes);
	if (altered)
		fork_give_state(state, address, bytes);
	if (failed >= 0)
		region_set_small(region, page, UNIT_MAPPED | (altered ? UNIT_ALTERED : 0));
}

/* The child copies what the parent could not copy. */
static void own_pages(struct region *region, enum fork_walk walk)
{
	size_t page = 0, count;

	for (; fork_next_run(region, walk, &page, &count); page += count)
		if (!own_huge_pages(region, page, count))
			for (size_t i = page; i < page + count; i++)
				own_base_pages(region, i);
}

/* Updates the states of the child's whole pages: no locks, and nothing is withheld by the parent
 * any more. */
static void settle_pages(struct region *region)
{
	const size_t end = region_page(region, region->high + region->page_bytes - 1);

	for (size_t page = 0; page < end; page++) {
		const uintptr_t address = region_page_address(region, page);
		const unsigned int state = region->pages[page];

		if (!(state & PAGE_HUGE))
			continue;
		if (state & PAGE_DONTFORK)
			ranges_note_unmapped(address, address + region->page_bytes);
		else if (state & PAGE_NEEDED)
			own_base_pages(region, page);
		else if (state & PAGE_LOCKED)
			region->pages[page] = (uint16_t)(state & ~PAGE_LOCKED);
	}
}

static int end_in_child(void *nothing)
{
	struct region *region;

	(void)nothing;
	for (region = registry_first(); region; region = registry_next(region))
		settle_pages(region);
	if (agreed.copies)
		fork_copies_take();
	for (region = registry_first(); region; region = registry_next(region)) {
		/* Only pages that the parent could neither copy nor split: it had no memory for
		 * them, or no means against writers. */
		if (region->data && libc_calls.fork != FORK_COW)
			own_pages(region, FORK_SEGMENTS);
		else if (agreed.copies || agreed.way == WAY_POPULATE)
			own_pages(region, agreed.walk);
	}
	return 0;
}

__attribute__((hot)) void fork_end_in_child(void)
{
	if (!agreed.no_pages)
		run(end_in_child, NULL);
	lock_reset_in_child();
}

/* Clears what prepare_needed() recorded. */
static void forget_needed(void)
{
	struct region *region;

	for (region = registry_first(); region; region = registry_next(region)) {
		const size_t end = region_page(region, region->high + region->page_bytes - 1);

		for (size_t page = 0; page < end; page++)
			if (region->pages[page] & PAGE_NEEDED)
				region->pages[page] &= (uint16_t)~PAGE_NEEDED;
	}
}

void fork_end_in_parent(void)
{
	if (agreed.copies) {
		fork_copies_drop();
		forget_needed();
	}
	lock_release();
}

__attribute__((hot)) pid_t fork_by(pid_t (*real)(void))
{
	const bool agreed_on = libc_calls.active && fork_begin();
	pid_t child = real();

	if (!agreed_on)
		return child;
	if (!child)
		fork_end_in_child();
	else
		fork_end_in_parent();
	return child;
}

/* Called by libc's fork() in place of _Fork. */
__attribute__((hot)) static pid_t fork_with_memory(void)
{
	return fork_by(real_fork);
}

int fork_prepare(const struct libc *libc)
{
	uintptr_t callee;

	if (patch_call(libc, "fork", "_Fork", (uintptr_t)fork_with_memory, &callee))
		return -ENOENT;
	real_fork = (pid_t(*)(void))callee;
	return 0;
}
