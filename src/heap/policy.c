/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which memory of the heap gets huge pages under auto: see policy.h.
 */
#include "base/align.h"
#include "heap/policy.h"

/*
 * A part of the heap is on base pages up to this many bytes and, if huge pages are large, up to
 * this many huge pages. A separate block has a smaller limit, because it does not grow by small
 * steps.
 */
#define MAIN_BYTES  ((size_t)22 << 20)
#define MAIN_PAGES  11
#define ARENA_BYTES ((size_t)20 << 20)
#define ARENA_PAGES 10
#define BLOCK_BYTES ((size_t)16 << 20)
#define BLOCK_PAGES 8

/* Programs that touch little of a large block exist up to here: a buffer of sort, tables of xz. */
#define SURE_BYTES ((size_t)128 << 20)
#define SURE_PAGES 64

/* Unused memory that stays mapped is at most this share of the heap. */
#define SPARE_SHARE 16

#define DENSE_SHARE 16

uintptr_t policy_break_end(uintptr_t start, size_t page_bytes)
{
	return align_up(start, page_bytes) + align_up(MAIN_BYTES, page_bytes);
}

static bool is_more(size_t heap_bytes, size_t page_bytes, size_t bytes, size_t pages)
{
	return heap_bytes > bytes && heap_bytes / page_bytes >= pages;
}

bool policy_main_is_huge(size_t heap_bytes, size_t page_bytes)
{
	return is_more(heap_bytes, page_bytes, MAIN_BYTES, MAIN_PAGES);
}

bool policy_arena_is_huge(size_t arena_bytes, size_t page_bytes)
{
	return is_more(arena_bytes, page_bytes, ARENA_BYTES, ARENA_PAGES);
}

bool policy_main_collapses(size_t heap_bytes, size_t page_bytes)
{
	return policy_main_is_huge(heap_bytes / 2, page_bytes);
}

bool policy_arena_collapses(size_t arena_bytes, size_t page_bytes)
{
	return policy_arena_is_huge(arena_bytes / 2, page_bytes);
}

bool policy_block_is_huge(size_t block_bytes, size_t page_bytes)
{
	return is_more(block_bytes, page_bytes, BLOCK_BYTES, BLOCK_PAGES);
}

bool policy_block_is_huge_at_once(size_t block_bytes, size_t page_bytes)
{
	return is_more(block_bytes, page_bytes, SURE_BYTES, SURE_PAGES);
}

bool policy_blocks_are_huge(size_t bytes, size_t page_bytes)
{
	return policy_arena_is_huge(bytes, page_bytes);
}

bool policy_blocks_collapse(size_t bytes, size_t page_bytes)
{
	return policy_arena_collapses(bytes, page_bytes);
}

size_t policy_block_tail(size_t block_bytes, size_t page_bytes)
{
	const size_t tail = block_bytes % page_bytes;

	return tail && page_bytes - tail > block_bytes / POLICY_WASTE_SHARE ? tail : 0;
}

size_t policy_spare(size_t heap_bytes, size_t page_bytes)
{
	const size_t spare = heap_bytes / SPARE_SHARE;

	return spare - spare % page_bytes;
}

bool policy_is_dense(size_t resident_pages, size_t pages)
{
	return resident_pages >= pages - pages / DENSE_SHARE;
}
