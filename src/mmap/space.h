/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the region of mappings goes.
 */
#ifndef MMAP_SPACE_H
#define MMAP_SPACE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds a range in which nothing is mapped and no region is registered, in whole pages; does not
 * map it. Returns 0, or -ENOMEM.
 */
int mmap_space_find(size_t page_bytes, uintptr_t *start, uintptr_t *limit);

/* Only the choice, within a hole; pure. */
int mmap_space_choose(uintptr_t hole_start, uintptr_t hole_end, size_t page_bytes,
		      uint64_t memory_bytes, uintptr_t *start, uintptr_t *limit);

#endif
