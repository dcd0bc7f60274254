/*
 * Holes: see holes.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "pages/holes.h"
#include "pages/maps.h"
#include "sys.h"

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

/*
 * Can no hole above that mapping be larger than the largest one yet? The kernel's own mappings end
 * at a power of two, the end of the address space; beyond it lies only what a program asked for (by
 * a hint, with five levels of page tables), and nobody is to be put there who did not.
 */
static bool nothing_larger_above(const struct holes *holes, const struct smaps_mapping *mapping)
{
	const uint64_t end = (uint64_t)1 << (64 - __builtin_clzll(mapping->start));

	return end - mapping->end <= holes->largest_end - holes->largest_start;
}

int holes_read(struct holes *holes, uintptr_t above)
{
	struct smaps_mapping mapping;
	uintptr_t last = above;
	struct maps maps;
	int failed = maps_open(&maps, false);

	*holes = (struct holes){0};
	if (failed)
		return failed;
	for (; maps_above(&maps, last, &mapping); last = (uintptr_t)mapping.end) {
		/* the kernel's own page at the very top ends no hole for us */
		if (mapping.start > UINTPTR_MAX / 2 && sizeof(uintptr_t) == 8)
			break;
		if (mapping.start > last)
			take_hole(holes, last, (uintptr_t)mapping.start);
		if (holes->first_end && nothing_larger_above(holes, &mapping))
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
	bytes = (4 * mapped_max + page_bytes - 1) & ~(uint64_t)(page_bytes - 1);
	return bytes < limit - start ? start + (uintptr_t)bytes : limit;
}

static void guess(struct holes *holes, uintptr_t above)
{
	static char here;
	const uintptr_t known[] = {(uintptr_t)&here, (uintptr_t)&above, getauxval(AT_SYSINFO_EHDR),
				   getauxval(AT_BASE)};
	uintptr_t nearest = UINTPTR_MAX;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] > above && known[i] < nearest)
			nearest = known[i];
	holes->first_start = holes->largest_start = above;
	holes->first_end = holes->largest_end = above + (nearest - above) / 2;
}

void holes_find(struct holes *holes, uintptr_t above)
{
	if (holes_read(holes, above))
		guess(holes, above);
}
