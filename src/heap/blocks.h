/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto: the blocks that malloc maps one by one, from 128 kB on, except those that
 * are huge at once.
 *
 * A program may fill such a block, or touch a page here and there. As long as there are few, the
 * kernel places them, as without this library. Once they are as large together as an arena with
 * huge pages, and nearly all of that is in memory, the next ones are huge: large ones have pages of
 * their own (zone.h); smaller ones are placed one after the other in memory that is advised to
 * become transparent huge pages, which they share. Once the blocks are twice as large, the first
 * ones are collapsed.
 *
 * Shared memory is of the kernel like any other: the library does not need to see what the program
 * does with it. When a part of a huge page is freed, the kernel is made to split it, because
 * otherwise the freed part would stay in memory until the rest is freed, too.
 */
#ifndef HEAP_BLOCKS_H
#define HEAP_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is this mapping of libc such a block? Pure. */
bool blocks_are_for(size_t bytes, int protection, int flags);

/* Were the blocks so far nearly all in memory, and enough to judge by? */
bool blocks_are_dense(void);

/*
 * Maps a block of malloc: `begin` is called when the blocks are to be huge from now on; it returns
 * whether heap.source and heap.zone are valid. Returns the block, or 0: zone.h
 * or the kernel shall map it.
 * Several threads may call it.
 */
uintptr_t blocks_map(size_t bytes, bool (*begin)(void));

/* malloc is about to unmap this memory. */
void blocks_unmapping(uintptr_t from, size_t bytes);

#endif
