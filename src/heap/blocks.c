/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of middle size that share transparent huge pages: see blocks.h.
 *
 * All state is in one struct that is taken as a whole, without waiting: a thread that finds it
 * taken has the kernel map its block.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/align.h"
#include "base/sys.h"
#include "calls/state.h"
#include "heap/blocks.h"
#include "heap/collapse.h"
#include "heap/heap.h"
#include "heap/policy.h"
#include "pages/buddy.h"
#include "region/process.h"

/* The size of a transparent huge page on nearly all machines. */
#define UNIT_BYTES ((size_t)2 << 20)

/* malloc's limit for mapping a block, unless the program changes it. */
#define BYTES_MIN ((size_t)128 << 10)

/* The kernel places blocks next to each other, so that a few ranges contain them all. */
#define RANGES_MAX 16

/* What is mapped for them at once, at least: it takes no memory before its first touch. */
#define GROWTH_BYTES (4 * UNIT_BYTES)

/* If memory for the blocks is not available, this many blocks do without. */
#define SKIPPED 32

/* If something else is mapped where they would continue, they continue this much higher. */
#define STEP_BYTES ((uintptr_t)1 << (sizeof(uintptr_t) == 8 ? 36 : 28))
#define STEPS_MAX  8

static struct {
	int taken;
	bool dense;   /* blocks may be huge */
	bool serving; /* and the kernel has transparent huge pages for this process */
	bool collapsed;
	struct range {
		uintptr_t start, end;
	} ranges[RANGES_MAX], last; /* of blocks that the kernel placed; of the last one */
	uintptr_t first, next, end; /* next to end is mapped and advised, for the next blocks */
	unsigned int skip, steps;
} blocks;

bool blocks_are_for(size_t bytes, int protection, int flags)
{
	return protection == (PROT_READ | PROT_WRITE) && flags == (MAP_PRIVATE | MAP_ANONYMOUS) &&
	       bytes >= BYTES_MIN && !policy_block_is_huge_at_once(bytes, UNIT_BYTES);
}

bool blocks_are_dense(void)
{
	return __atomic_load_n(&blocks.dense, __ATOMIC_RELAXED);
}

/* Adds a range, as one with those that it touches. Without space for it, it is not counted. */
static void note(uintptr_t start, uintptr_t end)
{
	struct range *free_one = NULL;

	for (struct range *range = blocks.ranges; range < blocks.ranges + RANGES_MAX; range++) {
		if (range->end && range->start <= end && range->end >= start) {
			start = range->start < start ? range->start : start;
			end = range->end > end ? range->end : end;
			*range = (struct range){0};
		}
		if (!range->end)
			free_one = range;
	}
	if (free_one)
		*free_one = (struct range){start, end};
}

static size_t noted_bytes(void)
{
	size_t bytes = 0;

	for (int i = 0; i < RANGES_MAX; i++)
		bytes += blocks.ranges[i].end - blocks.ranges[i].start;
	return bytes;
}

/* A large block begins where a huge page can: it may become huge once it is filled. */
static uintptr_t map_small(size_t bytes)
{
	const size_t align =
		policy_block_is_huge(bytes, UNIT_BYTES) ? UNIT_BYTES : process_base_bytes;
	const long at = sys_mmap_aligned(bytes, align, PROT_READ | PROT_WRITE);

	if (SYS_IS_ERROR(at))
		return 0;
	if (libc_calls.watch)
		libc_calls.watch((uintptr_t)at, bytes, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, 0, true);
	blocks.last = (struct range){(uintptr_t)at, (uintptr_t)at + bytes};
	note(blocks.last.start, blocks.last.end);
	return (uintptr_t)at;
}

/*
 * Either the blocks are huge from now on, or others are counted, or more of them: the last block
 * has just been given to the program, which may fill it later.
 */
static void decide(bool (*begin)(void))
{
	const size_t last_bytes = blocks.last.end - blocks.last.start;
	const size_t unfilled = last_bytes - collapse_resident(blocks.last.start, blocks.last.end);
	const size_t bytes = noted_bytes() - unfilled;
	size_t resident = 0;

	if (!policy_blocks_are_huge(bytes, UNIT_BYTES))
		return;
	for (int i = 0; i < RANGES_MAX; i++)
		resident += collapse_resident(blocks.ranges[i].start, blocks.ranges[i].end);
	if (!policy_is_dense(resident, bytes)) {
		memset(blocks.ranges, 0, sizeof(blocks.ranges));
		return;
	}
	blocks.dense = true;
	blocks.serving = begin() && heap.source.thp && heap.zone.region.start;
	/* above everything that the heap may ever use */
	blocks.first = blocks.next = blocks.end = align_up(heap.zone.region.behind, UNIT_BYTES);
}

static void collapse_first(void)
{
	blocks.collapsed = true;
	for (int i = 0; i < RANGES_MAX; i++)
		collapse_range(&heap.zone.region, blocks.ranges[i].start, blocks.ranges[i].end);
}

/* Continues further up, after something that is mapped in the way. */
static bool step_over(void)
{
	if (blocks.steps == STEPS_MAX)
		return false;
	blocks.steps++;
	sys_munmap(blocks.next, blocks.end - blocks.next);
	blocks.next = blocks.end = align_up(blocks.end, STEP_BYTES) + STEP_BYTES;
	return true;
}

static bool extend(size_t bytes)
{
	const size_t needed = align_up(bytes - (blocks.end - blocks.next), UNIT_BYTES);
	const size_t step = needed > GROWTH_BYTES ? needed : GROWTH_BYTES;
	int failed;

	if (sys_sandboxed || !buddy_has(step, UNIT_BYTES, process_base_bytes))
		return false;
	failed = sys_mmap_at(blocks.end, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	if (failed == -EEXIST)
		return step_over() && extend(bytes);
	if (failed)
		return false;
	sys_madvise(blocks.end, step, MADV_HUGEPAGE);
	blocks.end += step;
	return true;
}

static uintptr_t take(size_t bytes)
{
	uintptr_t at;

	if (blocks.skip) {
		blocks.skip--;
		return 0;
	}
	if (blocks.end - blocks.next < bytes && !extend(bytes)) {
		blocks.skip = SKIPPED;
		return 0;
	}
	at = blocks.next;
	blocks.next += bytes;
	return at;
}

static uintptr_t map(size_t bytes, bool (*begin)(void))
{
	const size_t noted = noted_bytes();

	if (!blocks.dense && policy_blocks_are_huge(noted, UNIT_BYTES))
		decide(begin);
	if (!blocks.dense)
		return map_small(bytes);
	if (blocks.serving && !blocks.collapsed &&
	    policy_blocks_collapse(noted + (blocks.next - blocks.first) + bytes, UNIT_BYTES))
		collapse_first();
	return blocks.serving && !policy_block_is_huge(bytes, UNIT_BYTES) ? take(bytes) : 0;
}

uintptr_t blocks_map(size_t bytes, bool (*begin)(void))
{
	uintptr_t at;

	if (__atomic_exchange_n(&blocks.taken, 1, __ATOMIC_ACQUIRE))
		return 0;
	at = map(bytes, begin);
	__atomic_store_n(&blocks.taken, 0, __ATOMIC_RELEASE);
	return at;
}

void blocks_unmapping(uintptr_t from, size_t bytes)
{
	const uintptr_t to = from + bytes;
	const uintptr_t head = align_up(from, UNIT_BYTES), tail = align_down(to, UNIT_BYTES);

	if (from < blocks.first || to > blocks.end || to < from)
		return;
	if (head > from)
		sys_madvise(from, (head < to ? head : to) - from, MADV_FREE);
	if (tail >= head && to > tail)
		sys_madvise(tail, to - tail, MADV_FREE);
}
