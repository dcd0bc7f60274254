/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the kernel has free memory for transparent huge pages, or would have to compact memory in
 * the middle of a page fault.
 *
 * Reads /proc/buddyinfo at each call. Does not call malloc.
 */
#ifndef BUDDY_H
#define BUDDY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Free memory in blocks of at least block_bytes, a power of two, from the text of /proc/buddyinfo.
 * Pure.
 */
size_t buddy_free_bytes(const char *text, size_t block_bytes, size_t base_bytes);

/* Are `bytes` available in blocks of block_bytes? Also true if /proc does not say. */
bool buddy_has(size_t bytes, size_t block_bytes, size_t base_bytes);

#endif
