/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Thread arenas and blocks too large for one: the zone.
 *
 * libc creates an arena by mapping 64 or 128 MiB without access, and opens it by mprotect, piece by
 * piece; a large block is one readable and writable mapping. Here both are runs of units in one
 * region, the zone: reserving an arena costs no system call, and arenas share huge pages of 1 GiB.
 *
 * All functions need the lock (region/lock.h) unless described otherwise.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

struct zone {
	struct region region;
	size_t used_units; /* for choosing growth steps */
	size_t first_free; /* no free unit below it */
	bool adaptive;     /* HUGETLB_MORECORE=auto: arenas on base pages until they are large */
};

int zone_start(struct zone *zone, uintptr_t start, uintptr_t limit, struct source *source);

/*
 * Finds address space for an arena: bytes and alignment are multiples of the unit. Returns the
 * address, or 0. Nothing is mapped.
 */
uintptr_t zone_reserve(struct zone *zone, size_t bytes, size_t alignment);

/*
 * Opens [from, from + bytes) of an arena. Returns 0 or -ENOMEM. Newly opened memory is zero. If a
 * unit is a page, it needs no lock: the pages belong to this arena only.
 */
int zone_commit(struct zone *zone, uintptr_t from, size_t bytes);

/*
 * Is [from, to) the end of one reservation, or all of it, in whole units? That identifies what libc
 * unmaps; its caller does not, because free() may jump to munmap as its last step.
 */
bool zone_ends_at(const struct zone *zone, uintptr_t from, uintptr_t to);

/*
 * Frees the end of a reservation, or all of it; what belongs to another reservation by now is left
 * alone.
 */
void zone_release(struct zone *zone, uintptr_t from, size_t bytes);

/*
 * Maps a reservation as a block: readable, writable, zero, on huge pages with a small tail. Returns
 * 0, or -ENOMEM: then release it. If a unit is a page, it needs no lock.
 */
int zone_fill_block(struct zone *zone, uintptr_t from, size_t bytes);

/*
 * Changes a block's size: in place, or elsewhere if may_move. Returns the address, or -ENOMEM with
 * the block unchanged.
 */
long zone_remap_block(struct zone *zone, uintptr_t from, size_t bytes, size_t new_bytes,
		      bool may_move);

#endif
