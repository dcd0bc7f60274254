/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto: which memory of the heap gets huge pages. Pure functions of sizes; the
 * limits were measured, see bench/README.md.
 *
 * A huge page that is used in part costs memory that the program would not have used otherwise. So
 * each part of the heap stays on base pages until one huge page is a small share of it.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How far the kernel's break may go before the heap begins: to a multiple of page_bytes above
 * `start`, where it began; that is as much as the main heap has on base pages.
 */
uintptr_t policy_break_end(uintptr_t start, size_t page_bytes);

/* Does the main heap use huge pages of that size when it grows to that size? */
bool policy_main_is_huge(size_t heap_bytes, size_t page_bytes);

/* Does an arena that will have this size use them? */
bool policy_arena_is_huge(size_t arena_bytes, size_t page_bytes);

/*
 * Do their base pages become huge, too? That takes as long as filling them, and as much time has
 * been saved by then.
 */
bool policy_main_collapses(size_t heap_bytes, size_t page_bytes);
bool policy_arena_collapses(size_t arena_bytes, size_t page_bytes);

/* Does a block that malloc maps separately have huge pages of its own, and does it have them
 * although nothing shows whether the program fills its blocks? */
bool policy_block_is_huge(size_t block_bytes, size_t page_bytes);
bool policy_block_is_huge_at_once(size_t block_bytes, size_t page_bytes);

/* Are such blocks huge from now on when they are as large together, and do the first ones become
 * huge, too? */
bool policy_blocks_are_huge(size_t bytes, size_t page_bytes);
bool policy_blocks_collapse(size_t bytes, size_t page_bytes);

/*
 * How many bytes at the end of such a block stay on base pages: 0, or the content of its last huge
 * page, if that page would be a larger share of the block than 1/POLICY_WASTE_SHARE.
 */
#define POLICY_WASTE_SHARE 16
size_t policy_block_tail(size_t block_bytes, size_t page_bytes);

/*
 * How much unused memory above the break stays mapped, for the next growth. The rest is unmapped.
 */
size_t policy_spare(size_t heap_bytes, size_t page_bytes);

/* Is enough of a huge page in memory that replacing it by a huge page costs next to nothing? */
bool policy_is_dense(size_t resident_pages, size_t pages);

#endif
