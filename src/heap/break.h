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
	uintptr_t now;             /* the break */
	uintptr_t mapped_end;      /* all of [region.start, mapped_end) is mapped */
	uintptr_t high;            /* the highest break since the memory above it was last zero */
	bool shrink;               /* HUGETLB_MORECORE_SHRINK */
	bool adaptive;             /* HUGETLB_MORECORE=auto: on base pages until it is large */
	bool collapsed;            /* ... and its base pages have become huge, too */
	uintptr_t base_start;      /* ... where these begin, which is below the region */
};

/* Begins a heap at the region's start. Returns 0 or -errno. */
int break_start(struct heap_break *heap, uintptr_t start, uintptr_t limit, struct source *source,
		bool shrink);

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
