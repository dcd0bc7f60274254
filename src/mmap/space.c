/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the region of mappings goes: see space.h.
 *
 * In the largest hole between the program and the kernel's mappings, above the heap's regions
 * (which take what is below three quarters of it) and well below where the kernel maps.
 */
#include <errno.h>
#include <sys/sysinfo.h>

#include "base/align.h"
#include "base/sys.h"
#include "mmap/space.h"
#include "proc/holes.h"
#include "region/registry.h"

#define ROOM_BYTES_MIN ((uint64_t)64 << 30)

/* How much of the hole is used at most, and how much of it is below that: in sixteenths. */
#define SHARE_OF_16 1
#define BELOW_OF_16 13

int mmap_space_choose(uintptr_t hole_start, uintptr_t hole_end, size_t page_bytes,
		      uint64_t memory_bytes, uintptr_t *start, uintptr_t *limit)
{
	uintptr_t hole = hole_end - hole_start;
	uint64_t bytes = 4 * memory_bytes > ROOM_BYTES_MIN ? 4 * memory_bytes : ROOM_BYTES_MIN;

	if (bytes > hole / 16 * SHARE_OF_16)
		bytes = hole / 16 * SHARE_OF_16;
	*start = (hole_start + hole / 16 * BELOW_OF_16 + page_bytes - 1) &
		 ~(uintptr_t)(page_bytes - 1);
	*limit = *start + align_down(bytes, page_bytes);
	return *limit - *start < 2 * page_bytes || *limit > hole_end ? -ENOMEM : 0;
}

int mmap_space_find(size_t page_bytes, uintptr_t *start, uintptr_t *limit)
{
	struct holes holes;
	uint64_t memory_bytes = (uint64_t)1 << 30;
	struct sysinfo machine;

	if (!sys_call(SYS_sysinfo, &machine))
		memory_bytes = (uint64_t)machine.totalram * machine.mem_unit;
	holes_find(&holes, (uintptr_t)sys_brk(0));
	if (mmap_space_choose(holes.largest_start, holes.largest_end, page_bytes, memory_bytes,
			      start, limit) ||
	    registry_room_touch(*start, *limit))
		return -ENOMEM;
	*limit = holes_limit(*start, *limit, page_bytes);
	return 0;
}
