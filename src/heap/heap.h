/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heap as a whole: there is one per process.
 *
 * Filled in by heap_start() in the constructor, before any other thread runs. After that, members
 * change only in the files that own them, under the rules written there.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/break.h"
#include "heap/zone.h"
#include "pages/source.h"

struct heap {
	struct source source;
	struct heap_break main;
	struct zone zone;      /* zone.region.start is 0 if there is none (32-bit) */
	bool shrink;           /* HUGETLB_MORECORE_SHRINK: freed pages return to the pool */
	bool adaptive;         /* HUGETLB_MORECORE=auto: see adaptive.h */
	uint64_t memory_bytes; /* of the machine */
	bool active;
};

extern struct heap heap;

#endif
