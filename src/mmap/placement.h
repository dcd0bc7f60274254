/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where mappings on huge pages go: a region of its own, far from where the kernel maps, and which
 * small pages of it the program uses.
 *
 * Every mapping of a huge page or more begins on a huge page; smaller ones are packed side by side
 * into units, which are mapped as a whole, so that one transparent huge page serves several.
 *
 * All functions need the lock (region/lock.h).
 */
#ifndef PLACEMENT_H
#define PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/free_runs.h"
#include "region/region.h"

/* The maximum number of units with space for small mappings that are recorded. */
#define PLACEMENT_PACKS 64

struct placement_pack {
	size_t unit;     /* SIZE_MAX: none */
	size_t too_many; /* it does not have this many adjacent free small pages */
};

struct placement {
	struct region region;
	struct free_runs units; /* which are free */
	struct free_runs pages; /* which have only free units; if a unit is less than one page */
	size_t words;           /* of 64 bits, for the small pages of one unit */

	/* one bit per small page: used by the program; mapped (for packed units only) */
	uint64_t *used, *there;
	size_t maps_bytes; /* size of the memory that holds all four maps, from `used` on */

	struct placement_pack packs[PLACEMENT_PACKS];
	unsigned int next_pack;
	size_t idle; /* the one packed unit that may be empty; SIZE_MAX: none */
};

/*
 * Begins with a small part of [start, behind), and grows when needed: so its maps, too, take only
 * the memory that the program's mappings need. Returns 0, or -errno with nothing left mapped.
 */
int placement_start(struct placement *place, uintptr_t start, uintptr_t behind,
		    struct source *source);
void placement_drop(struct placement *place);

/*
 * Finds space for bytes, at least a unit, and marks it as used; at a page boundary if it is at
 * least a page. If `wanted` is not 0, only there. Returns the address, or 0. Maps nothing.
 */
uintptr_t placement_take(struct placement *place, size_t bytes, uintptr_t wanted);

/*
 * Makes a mapping smaller than a unit: readable, writable, zero, in a shared unit. Returns the
 * address, or 0 if there is no space or no memory.
 */
uintptr_t placement_pack(struct placement *place, size_t bytes);

/* The unit of the address is mapped to its end, and may be shared by small mappings from now on. */
void placement_share(struct placement *place, uintptr_t address);

/* Is nothing of [from, to) used by the program? */
bool placement_is_unused(const struct placement *place, uintptr_t from, uintptr_t to);

/* The program has mapped or unmapped [from, to): units that are then empty become free. */
void placement_used(struct placement *place, uintptr_t from, uintptr_t to);
void placement_unused(struct placement *place, uintptr_t from, uintptr_t to);

#endif
