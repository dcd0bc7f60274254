/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where mappings on huge pages go: a region of its own, far from where the kernel maps, and which
 * small pages of it the program has.
 *
 * Every mapping of a huge page or more begins on a huge page; smaller ones are packed side by side
 * into units, which are mapped as a whole, so that one transparent huge page serves several.
 *
 * All functions need the lock (memory/lock.h).
 */
#ifndef PLACEMENT_H
#define PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/free_runs.h"
#include "region/region.h"

/* So many units that have room for small mappings are remembered. */
#define PLACEMENT_PACKS 64

struct placement_pack {
	size_t unit;     /* SIZE_MAX: none */
	size_t too_many; /* so many small pages side by side it does not have free */
};

struct placement {
	struct region region;
	struct free_runs units; /* that are nobody's */
	struct free_runs
		pages; /* none of whose units is anybody's; where a unit is less than one */
	size_t words;  /* of 64 bits, for the small pages of one unit */

	/* a bit a small page: the program has it; it is mapped (in packed units alone) */
	uint64_t *used, *there;
	size_t maps_bytes; /* of the memory that all four maps lie in, from `used` on */

	struct placement_pack packs[PLACEMENT_PACKS];
	unsigned int next_pack;
	size_t idle; /* the one packed unit that may be empty; SIZE_MAX: none is */
};

/*
 * The place begins with a small part of [start, behind), and grows as it is needed: so its maps,
 * too, take the memory that the program's mappings need, and no more. 0, or -errno with nothing
 * left.
 */
int placement_start(struct placement *place, uintptr_t start, uintptr_t behind,
		    struct source *source);
void placement_drop(struct placement *place);

/*
 * Finds room for bytes, which is at least a unit, and marks it the program's; from a page's
 * boundary where it is at least a page. At `wanted` alone where that is not 0. The address, or 0.
 * Nothing is mapped.
 */
uintptr_t placement_take(struct placement *place, size_t bytes, uintptr_t wanted);

/*
 * A mapping smaller than a unit: readable, writable, zero, in a unit that it shares. The address,
 * or 0 where there is no room or no memory.
 */
uintptr_t placement_pack(struct placement *place, size_t bytes);

/* The unit of the address is mapped to its end, and may be shared by small mappings from now on. */
void placement_share(struct placement *place, uintptr_t address);

/* Is nothing of [from, to) the program's? */
bool placement_is_unused(const struct placement *place, uintptr_t from, uintptr_t to);

/* The program mapped or unmapped [from, to): what is empty then is free. */
void placement_used(struct placement *place, uintptr_t from, uintptr_t to);
void placement_unused(struct placement *place, uintptr_t from, uintptr_t to);

#endif
