/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Thread arenas and blocks too big for one: the zone.
 *
 * libc makes an arena by mapping 64 or 128 MiB without access and opens it by mprotect, piece by
 * piece; a big block by one readable and writable mapping. Here both are runs of units in one
 * region, the zone: an arena's reservation costs no system call, and arenas share huge pages of
 * 1 GiB.
 *
 * All functions need the lock (memory/lock.h) unless they say otherwise.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

struct zone {
	struct region region;
	size_t used_units; /* for the choice of growth steps */
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
 * Opens [from, from + bytes) of an arena. 0 or -ENOMEM. Newly opened memory is zero. Where a unit
 * is a page, it needs no lock: the pages are the arena's alone.
 */
int zone_commit(struct zone *zone, uintptr_t from, size_t bytes);

/*
 * Is [from, to) the end of one reservation, or all of it, in whole units? That is what libc gives
 * back; by whom it is called does not tell, for free() may jump to munmap as its last step.
 */
bool zone_ends_at(const struct zone *zone, uintptr_t from, uintptr_t to);

/*
 * Gives back the end of a reservation, or all of it; what belongs to another by now is left alone.
 */
void zone_release(struct zone *zone, uintptr_t from, size_t bytes);

/*
 * Maps a reservation as a block: readable, writable, zero, huge pages and a small tail. Returns 0,
 * or -ENOMEM: then release it. Where a unit is a page, it needs no lock.
 */
int zone_fill_block(struct zone *zone, uintptr_t from, size_t bytes);

/*
 * A block's new size: in place, or elsewhere where may_move. Returns the address or -ENOMEM with
 * the block as it was.
 */
long zone_remap_block(struct zone *zone, uintptr_t from, size_t bytes, size_t new_bytes,
		      bool may_move);

#endif
