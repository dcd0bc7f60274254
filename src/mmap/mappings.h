/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP: the program's private anonymous mappings on huge pages, whoever makes them through
 * libc's mmap: jemalloc, mimalloc, a JVM, numpy, malloc's own big blocks. What the program does by
 * syscall(2) is not seen.
 *
 * Who gets what:
 * - A readable and writable mapping of the threshold or more, wherever the kernel may choose:
 * hugetlb pages for its whole pages, as far as the pool has them, the rest transparent ones. A tail
 *   smaller than a huge page is small, and ends where the program's mapping ends.
 * - With a threshold below a huge page, mappings smaller than one share transparent huge pages, if
 *   they are of a size that leaves little of one idle.
 * - Address space that is reserved without access, or mapped where the program says: huge when the
 *   program opens it (mprotect, MAP_FIXED), in whole pages.
 * - Left alone: stacks and executable memory (but see HUGETLB_MMAP_ALSO), shared memory, files, and
 *   every mapping with another flag (MAP_LOCKED, MAP_POPULATE, MAP_32BIT, MAP_GROWSDOWN, ...).
 *
 * Over-commitment: hugetlb pages are populated at once, for nothing else keeps a later touch from
 * failing (a cgroup's limit, a node without pages). So a mapping bigger than HUGETLB_MMAP_LIMIT,
 * half of the pool if unset, takes none of them, nor does one with MAP_NORESERVE: they get
 * transparent huge pages, which cost what is touched. Nothing is ever mapped with MAP_NORESERVE by
 * us.
 */
#ifndef MAPPINGS_H
#define MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmap/placement.h"
#include "pages/source.h"

struct mappings {
	struct source source; /* what whole pages come from */
	struct placement place;
	size_t threshold, limit;   /* see above; bytes */
	bool limit_is_given;       /* by the user */
	unsigned int refused;      /* mappings over the limit since the pool was last looked at */
	bool move_tried, can_move; /* the kernel moves hugetlb pages (5.16) */
	bool stacks, code;         /* HUGETLB_MMAP_ALSO */
	bool active;
};

extern struct mappings mappings;

/* May a mapping of so many bytes take from the pool? */
bool mappings_may_take(size_t bytes);

/* Reads the limit again where the user gave none: half of what the pool has. */
void mappings_read_limit(void);

#endif
