/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP: the program's private anonymous mappings on huge pages, whichever code makes them
 * through libc's mmap: jemalloc, mimalloc, a JVM, numpy, malloc's own large blocks. Mappings that
 * the program makes by syscall(2) are not included.
 *
 * What each mapping gets:
 * - A readable and writable mapping of the threshold or more, at any address: hugetlb pages for its
 *   whole pages as long as the pool has them, then transparent ones. A tail smaller than a huge
 * page is on small pages, and ends where the program's mapping ends.
 * - With a threshold below a huge page, mappings smaller than one share transparent huge pages, if
 *   their size leaves little of one idle.
 * - Address space that is reserved without access, or mapped at an address that the program chose:
 *   huge when the program opens it (mprotect, MAP_FIXED), in whole pages.
 * - Left alone: stacks and executable memory (but see HUGETLB_MMAP_ALSO), shared memory, files, and
 *   every mapping with another flag (MAP_LOCKED, MAP_POPULATE, MAP_32BIT, MAP_GROWSDOWN, ...).
 *
 * Over-commitment: hugetlb pages are populated at once, because nothing else keeps a later touch
 * from failing (a cgroup's limit, a node without pages). So a mapping larger than
 * HUGETLB_MMAP_LIMIT (default: half of the pool) takes none of them, nor does one with
 * MAP_NORESERVE: they get transparent huge pages, which cost only what is touched. The library
 * itself never maps memory for the program with MAP_NORESERVE.
 */
#ifndef MAPPINGS_H
#define MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmap/placement.h"
#include "pages/source.h"

struct mappings {
	struct source source; /* where whole pages come from */
	struct placement place;
	size_t threshold, limit;   /* see above; bytes */
	bool limit_is_given;       /* by the user */
	unsigned int refused;      /* mappings over the limit since the pool was last read */
	bool move_tried, can_move; /* the kernel moves hugetlb pages (5.16) */
	bool stacks, code;         /* HUGETLB_MMAP_ALSO */
	bool active;
};

extern struct mappings mappings;

/* May a mapping of that size take from the pool? */
bool mappings_may_take(size_t bytes);

/* Computes the limit again unless the user gave one: half of what the pool has. */
void mappings_read_limit(void);

#endif
