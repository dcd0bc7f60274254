/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is mapped, piece by piece, as the plan wants it: each mapping of /proc/PID/maps, cut where
 * segments begin and end.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "base/vector.h"
#include "proc/smaps.h"
#include "segments/find.h"
#include "segments/plan.h"

/*
 * Adds the pieces of one mapping; mappings come by rising address. The kernel's rights decide, not
 * the program headers': memory that is shared, that can't be read, or that is writable and
 * executable is in the way. Pure. Returns 0 or -ENOMEM.
 */
int classify_add(struct vector *pieces, const struct smaps_mapping *mapping,
		 const struct found *found, size_t base_bytes);

/*
 * Reads all mappings of the process into pieces, a list of struct plan_piece. Returns 0 or -errno
 * (without /proc nothing can be known about neighbours) and an empty list; the caller frees it in
 * both cases.
 */
int classify_read(struct vector *pieces, const struct found *found);

#endif
