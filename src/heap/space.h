/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the heap's regions go.
 */
#ifndef HEAP_SPACE_H
#define HEAP_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "proc/holes.h"

/* The choice: [start, limit) each; a zone of 0 means none. */
struct space_plan {
	uintptr_t main_start, main_limit;
	uintptr_t zone_start, zone_limit;
};

/*
 * Chooses; pure. The holes are those above the break, page_bytes is the huge page, memory_bytes the
 * machine's memory. If wanted_base is not 0, the main heap shall begin there
 * (HUGETLB_MORECORE_HEAPBASE); otherwise `random` chooses among places for the largest pages.
 * -ENOMEM: no space; -EINVAL: wanted_base is not within a hole.
 */
int space_choose(const struct holes *holes, size_t page_bytes, uint64_t memory_bytes,
		 uintptr_t wanted_base, unsigned int random, struct space_plan *plan);

#endif
