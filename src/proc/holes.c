/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holes: see holes.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "base/align.h"
#include "base/sys.h"
#include "proc/holes.h"
#include "proc/maps.h"

static void take_hole(struct holes *holes, uintptr_t start, uintptr_t end)
{
	if (!holes->first_end) {
		holes->first_start = start;
		holes->first_end = end;
	}
	if (end - start > holes->largest_end - holes->largest_start) {
		holes->largest_start = start;
		holes->largest_end = end;
	}
}

/* Addresses in this process that are far apart: text, stack, the kernel's and ld.so's. */
#define KNOWN 4

static void known_addresses(uintptr_t known[KNOWN])
{
	static char here;

	known[0] = (uintptr_t)&here;
	known[1] = (uintptr_t)__builtin_frame_address(0);
	known[2] = getauxval(AT_SYSINFO_EHDR);
	known[3] = getauxval(AT_BASE);
}

/*
 * The end of the area where the kernel places mappings: the power of two above the highest of them.
 * With five levels of page tables, only programs that ask for it by a hint get addresses above
 * that; the library must not place anything there for a program that did not.
 */
static uint64_t space_end(void)
{
	uintptr_t known[KNOWN], highest = 1;

	known_addresses(known);
	for (int i = 0; i < KNOWN; i++)
		if (known[i] > highest)
			highest = known[i];
	return (uint64_t)1 << (64 - __builtin_clzll(highest));
}

/* Is every hole between that mapping and the end smaller than the largest one so far? */
static bool nothing_larger_above(const struct holes *holes, const struct smaps_mapping *mapping,
				 uint64_t end)
{
	return end <= mapping->end ||
	       end - mapping->end <= holes->largest_end - holes->largest_start;
}

int holes_read(struct holes *holes, uintptr_t above)
{
	struct smaps_mapping mapping;
	const uint64_t end = space_end();
	uintptr_t last = above;
	struct maps maps;
	int failed = maps_open(&maps, false);

	*holes = (struct holes){0};
	if (failed)
		return failed;
	for (; maps_above(&maps, last, &mapping); last = (uintptr_t)mapping.end) {
		/* the kernel's own page at the very top does not end a hole */
		if (mapping.start > UINTPTR_MAX / 2 && sizeof(uintptr_t) == 8)
			break;
		if (mapping.start > last)
			take_hole(holes, last, (uintptr_t)mapping.start);
		if (holes->first_end && nothing_larger_above(holes, &mapping, end))
			break;
	}
	maps_close(&maps);
	return holes->first_end ? 0 : -ENOENT;
}

uintptr_t holes_limit(uintptr_t start, uintptr_t limit, size_t page_bytes)
{
	const uint64_t mapped_max = sys_limit(RLIMIT_AS);
	uint64_t bytes;

	if (mapped_max >= (limit - start) / 4)
		return limit;
	bytes = align_up((uintptr_t)(4 * mapped_max), page_bytes);
	return bytes < limit - start ? start + (uintptr_t)bytes : limit;
}

void holes_guess(struct holes *holes, uintptr_t above)
{
	uintptr_t known[KNOWN];
	uintptr_t nearest = UINTPTR_MAX;

	known_addresses(known);
	for (int i = 0; i < KNOWN; i++)
		if (known[i] > above && known[i] < nearest)
			nearest = known[i];
	holes->first_start = holes->largest_start = above;
	holes->first_end = holes->largest_end = above + (nearest - above) / 2;
}

void holes_find(struct holes *holes, uintptr_t above)
{
	if (holes_read(holes, above))
		holes_guess(holes, above);
}
