/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the region of mappings goes: see space.h.
 *
 * In the largest hole between the program and the kernel's mappings: see proc/holes.h.
 */
#include <errno.h>

#include "base/align.h"
#include "base/sys.h"
#include "mmap/space.h"
#include "proc/holes.h"
#include "region/registry.h"

#define ROOM_BYTES_MIN ((uint64_t)64 << 30)

int mmap_space_choose(uintptr_t hole_start, uintptr_t hole_end, size_t page_bytes,
		      uint64_t memory_bytes, uintptr_t *start, uintptr_t *limit)
{
	uintptr_t hole = hole_end - hole_start;
	uint64_t bytes = 4 * memory_bytes > ROOM_BYTES_MIN ? 4 * memory_bytes : ROOM_BYTES_MIN;

	if (bytes > hole / HOLE_PARTS * (HOLE_MAPPINGS_END - HOLE_MAPPINGS))
		bytes = hole / HOLE_PARTS * (HOLE_MAPPINGS_END - HOLE_MAPPINGS);
	*start = align_up(hole_start + hole / HOLE_PARTS * HOLE_MAPPINGS, page_bytes);
	*limit = *start + align_down(bytes, page_bytes);
	return *limit - *start < 2 * page_bytes || *limit > hole_end ? -ENOMEM : 0;
}

int mmap_space_find(size_t page_bytes, uintptr_t *start, uintptr_t *limit)
{
	struct holes holes;

	holes_find(&holes, (uintptr_t)sys_brk(0));
	if (mmap_space_choose(holes.largest_start, holes.largest_end, page_bytes,
			      sys_memory_bytes(), start, limit) ||
	    registry_room_touch(*start, *limit))
		return -ENOMEM;
	*limit = holes_limit(*start, *limit, page_bytes);
	return 0;
}
