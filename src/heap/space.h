/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the heap's regions go.
 */
#ifndef HEAP_SPACE_H
#define HEAP_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "proc/holes.h"

/* What was chosen: [start, limit) each; a zone of 0 means none. */
struct space_plan {
	uintptr_t main_start, main_limit;
	uintptr_t zone_start, zone_limit;
};

/*
 * Chooses: pure. The holes are those above the break, page_bytes is the huge page, memory_bytes how
 * much memory the machine has. A wanted_base other than 0 is where the main heap shall begin
 * (HUGETLB_MORECORE_HEAPBASE); otherwise `random` chooses among places for the largest pages.
 * -ENOMEM: no room; -EINVAL: wanted_base is not within a hole.
 */
int space_choose(const struct holes *holes, size_t page_bytes, uint64_t memory_bytes,
		 uintptr_t wanted_base, unsigned int random, struct space_plan *plan);

#endif
