/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps one range of memory as a whole: all of it on pages of one kind, or nothing.
 *
 * For functions that the program calls explicitly, not for the heap: they may open files. Uses
 * system calls only; thread-safe.
 */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/source.h"

#define MAPPING_ANY_NODE (-1)
#define MAPPING_NODES    1024

enum mapping_kind { MAPPING_HUGETLB, MAPPING_THP, MAPPING_SMALL };

/*
 * Maps bytes, a multiple of source->page_bytes, at a multiple of it: private, zero, readable and
 * writable, bound to one node or to none. source gives the page size of the kind and, for hugetlb,
 * where the pages come from; source->populate also applies to THP, never to small pages. Returns 0
 * and *address, or -errno with nothing left mapped: -ENOMEM: not enough pages; -EINVAL: no such
 * node.
 */
int mapping_map(enum mapping_kind kind, const struct source *source, size_t bytes, int node,
		uintptr_t *address);

/*
 * Unmaps bytes from address on, but leaves alone what does not belong to the mapping that begins at
 * address: the program may have unmapped a part, and something else may be mapped there now.
 * Mappings are distinguished by their inode (each hugetlb range has its own), so anonymous small
 * pages that were mapped there are unmapped too. Returns 0 or -errno: -ENOMEM: the process has
 * reached its limit of mappings.
 */
int mapping_unmap(uintptr_t address, size_t bytes);

/* Rounds up to a multiple of page_bytes, a power of two; -ENOMEM where that overflows. */
int mapping_round(size_t bytes, size_t page_bytes, size_t *rounded);

#endif
