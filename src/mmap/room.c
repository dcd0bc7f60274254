/*
 * Where in the address space the place for mappings goes: see room.h.
 *
 * In the largest hole between the program and the kernel's mappings, behind the heap's regions
 * (which take what is below three quarters of it) and well below where the kernel maps.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/sysinfo.h>

#include "memory/registry.h"
#include "mmap/room.h"
#include "pages/smaps.h"
#include "sys.h"

#define ROOM_BYTES_MIN ((uint64_t)64 << 30)

/* The share of the hole that is taken at most, and what of it lies below: in sixteenths. */
#define SHARE_OF_16 1
#define BELOW_OF_16 13

int room_choose(uintptr_t hole_start, uintptr_t hole_end, size_t page_bytes, uint64_t memory_bytes,
		uintptr_t *start, uintptr_t *limit)
{
	uintptr_t hole = hole_end - hole_start;
	uint64_t bytes = 4 * memory_bytes > ROOM_BYTES_MIN ? 4 * memory_bytes : ROOM_BYTES_MIN;

	if (bytes > hole / 16 * SHARE_OF_16)
		bytes = hole / 16 * SHARE_OF_16;
	*start = (hole_start + hole / 16 * BELOW_OF_16 + page_bytes - 1) &
		 ~(uintptr_t)(page_bytes - 1);
	*limit = *start + ((uintptr_t)bytes & ~(uintptr_t)(page_bytes - 1));
	return *limit - *start < 2 * page_bytes || *limit > hole_end ? -ENOMEM : 0;
}

/* The largest hole above the break, as /proc has it. */
static int read_hole(uintptr_t above, uintptr_t *hole_start, uintptr_t *hole_end)
{
	uintptr_t last = above;
	struct smaps_mapping mapping;
	struct smaps maps;
	int failed = smaps_open(&maps, "/proc/self/maps");

	*hole_start = *hole_end = 0;
	if (failed)
		return failed;
	while (smaps_next(&maps, &mapping)) {
		const uintptr_t start = (uintptr_t)mapping.start, end = (uintptr_t)mapping.end;

		/* The kernel's own page at the very top ends no hole for us. */
		if (end <= above || (start > UINTPTR_MAX / 2 && sizeof(uintptr_t) == 8))
			continue;
		if (start > last && start - last > *hole_end - *hole_start) {
			*hole_start = last;
			*hole_end = start;
		}
		if (end > last)
			last = end;
	}
	smaps_close(&maps);
	return *hole_end ? 0 : -ENOENT;
}

/* Without /proc: half of the way to the nearest thing above the break that is known. */
static void guess_hole(uintptr_t above, uintptr_t *hole_start, uintptr_t *hole_end)
{
	static char here;
	const uintptr_t known[] = {(uintptr_t)&here, (uintptr_t)&above, getauxval(AT_SYSINFO_EHDR),
				   getauxval(AT_BASE)};
	uintptr_t nearest = UINTPTR_MAX;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] > above && known[i] < nearest)
			nearest = known[i];
	*hole_start = above;
	*hole_end = above + (nearest - above) / 2;
}

int room_find(size_t page_bytes, uintptr_t *start, uintptr_t *limit)
{
	uintptr_t above = (uintptr_t)sys_brk(0), hole_start, hole_end;
	uint64_t memory_bytes = (uint64_t)1 << 30;
	struct sysinfo machine;

	if (!sys_gate(SYS_sysinfo, (long)&machine, 0, 0, 0, 0, 0))
		memory_bytes = (uint64_t)machine.totalram * machine.mem_unit;
	if (read_hole(above, &hole_start, &hole_end))
		guess_hole(above, &hole_start, &hole_end);
	if (room_choose(hole_start, hole_end, page_bytes, memory_bytes, start, limit) ||
	    registry_touch(*start, *limit))
		return -ENOMEM;
	return 0;
}
