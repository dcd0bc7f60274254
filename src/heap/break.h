/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main heap: the library's break, on a region.
 *
 * sbrk and brk of the whole process end here. As with libc's own functions, the caller keeps two
 * threads from moving the break at once (malloc does, by its arena's lock).
 */
#ifndef BREAK_H
#define BREAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

struct heap_break {
	struct region region;
	uintptr_t now;        /* the break */
	uintptr_t mapped_end; /* all of [region.start, mapped_end) is mapped */
	uintptr_t high;       /* the highest break since the memory above it was last zero */
	bool shrink;          /* HUGETLB_MORECORE_SHRINK */
	bool adaptive;        /* HUGETLB_MORECORE=auto: on base pages until it is large */
	bool collapsed;       /* ... and its base pages have become huge, too */
	uintptr_t base_start; /* ... where these begin, which is below the region */

	/* Chooses the rest of the heap's address space and sets later_limit, up to which the region
	 * may then be widened. Call it under the lock, unless NULL: there is nothing to choose. */
	void (*choose_rest)(void);
	uintptr_t later_limit; /* 0: the region is as wide as it may be */
};

/* Begins a heap at the region's start. Returns 0 or -errno. */
int break_start(struct heap_break *heap, uintptr_t start, uintptr_t limit, struct source *source,
		bool shrink);

/* The same with states that the caller provides, as for region_make_in(). */
void break_start_in(struct heap_break *heap, uintptr_t start, uintptr_t limit,
		    struct source *source, bool shrink, unsigned char *states);

/* Calls choose_rest(), if there is something to choose. Returns the end of all that the heap may
 * ever use, its states included. */
uintptr_t break_choose_rest(struct heap_break *heap);

/* Gives the region all of its room. The caller is the only one to move the break meanwhile. */
void break_widen(struct heap_break *heap);

/*
 * sbrk: moves the break by delta bytes and returns the old one, or -ENOMEM with nothing changed.
 * Memory between the old and the new break is zero. Makes no system call while the pages already
 * mapped suffice.
 */
long break_sbrk(struct heap_break *heap, intptr_t delta);

/* After a fork's child has lost what was mapped above the break: determines what is left. */
void break_refit(struct heap_break *heap);

/* brk: as break_sbrk() to an address at or above the region's start; 0 or -ENOMEM. */
int break_brk(struct heap_break *heap, uintptr_t address);

#endif
