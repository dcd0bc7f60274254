/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the heap's regions go: see space.h.
 *
 * The kernel places mappings from the top downwards (or, with an unlimited stack, from the first
 * third upwards), and the break from the program upwards; the largest hole is between the two. The
 * heap stays low in it, far from both; every mapping uses MAP_FIXED_NOREPLACE, so that a wrong
 * guess costs a failed growth, and never another mapping.
 */
#include <errno.h>

#include "base/align.h"
#include "heap/space.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* Arenas begin on multiples of glibc's HEAP_MAX_SIZE. */
#define ARENA_BYTES (64 * MIB)

/* The smallest useful arena zone: it needs a hole of eight times this size. */
#define ZONE_BYTES_MIN (64 * GIB)
#define MAIN_BYTES_MIN (1024 * GIB)

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How much of a hole whole pages can use; *start is the first of them. */
static uintptr_t usable_bytes(uintptr_t hole_start, uintptr_t hole_end, size_t page_bytes,
			      uintptr_t *start)
{
	uintptr_t end = align_down(hole_end, page_bytes);

	*start = align_up(hole_start, page_bytes);
	return *start < hole_start || *start >= end ? 0 : end - *start;
}

/*
 * The kernel's randomization of the break is lost if a page is larger than its range (32 MiB to 1
 * GiB for a program that is not position-independent): such a heap begins at a random one of this
 * many pages.
 */
#define RANDOM_PAGES      256
#define RANDOM_PAGE_BYTES (GIB / 2)

int space_choose(const struct holes *holes, size_t page_bytes, uint64_t memory_bytes,
		 uintptr_t wanted_base, unsigned int random, struct space_plan *plan)
{
	uintptr_t start = holes->first_start, end = holes->first_end;
	uint64_t room, zone_bytes;
	const uint64_t boundary = larger(page_bytes, ARENA_BYTES);

	*plan = (struct space_plan){0};
	room = usable_bytes(start, end, page_bytes, &plan->main_start);
	/* A mapping close above the break (by an unusual loader): then use another place. */
	if (room < 2 * page_bytes ||
	    end - start < (holes->largest_end - holes->largest_start) / 8) {
		start = holes->largest_start;
		end = holes->largest_end;
	}
	if (wanted_base) {
		uintptr_t base = align_up(wanted_base, page_bytes);

		if (holes->first_start <= base && base < holes->first_end) {
			start = holes->first_start;
			end = holes->first_end;
		} else {
			start = holes->largest_start;
			end = holes->largest_end;
		}
		if (base < start || base >= end || end - base < page_bytes)
			return -EINVAL;
		start = base;
	}
	if (usable_bytes(start, end, page_bytes, &plan->main_start) < 2 * page_bytes)
		return -ENOMEM;
	room = end - plan->main_start;
	if (!wanted_base && page_bytes >= RANDOM_PAGE_BYTES &&
	    room / page_bytes >= 8 * (uint64_t)RANDOM_PAGES) {
		plan->main_start += random % RANDOM_PAGES * page_bytes;
		room = end - plan->main_start;
	}
	if (room < 8 * ZONE_BYTES_MIN) {
		/* 32 bits, or a crowded address space: only the main heap, in whatever is free. */
		plan->main_limit = align_down(end, page_bytes);
		return 0;
	}
	plan->main_limit =
		plan->main_start + (uintptr_t)(smaller(room / HOLE_PARTS * HOLE_MAIN_END,
						       larger(16 * memory_bytes, MAIN_BYTES_MIN)) &
					       ~(uint64_t)(page_bytes - 1));
	zone_bytes = smaller(larger(4 * memory_bytes, ZONE_BYTES_MIN),
			     room / HOLE_PARTS * (HOLE_ZONE_END - HOLE_ZONE));
	plan->zone_start =
		align_up(plan->main_start + (uintptr_t)(room / HOLE_PARTS * HOLE_ZONE), boundary);
	plan->zone_limit = plan->zone_start + align_down(zone_bytes, boundary);
	return 0;
}
