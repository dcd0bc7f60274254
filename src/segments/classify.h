/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is mapped, as pieces for the plan: each mapping of /proc/PID/maps, cut where segments begin
 * and end.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "base/vector.h"
#include "proc/smaps.h"
#include "segments/find.h"
#include "segments/plan.h"

/*
 * Adds the pieces of one mapping; mappings come by rising address. The rights that the kernel
 * reports decide, not those of the program headers: memory that is shared, not readable, or
 * writable and executable is PLAN_OTHER. Pure. Returns 0 or -ENOMEM.
 */
int classify_add(struct vector *pieces, const struct smaps_mapping *mapping,
		 const struct found *found, size_t base_bytes);

/*
 * Reads all mappings of the process into pieces, a list of struct plan_piece. Returns 0, or -errno
 * (without /proc the neighbours are unknown) and an empty list; the caller frees it in both cases.
 */
int classify_read(struct vector *pieces, const struct found *found);

/*
 * Takes pages of text that were changed in this process (by a uprobe's breakpoint or a patch) out
 * of the pieces, so that no huge page is planned over them: the kernel removes a uprobe's
 * breakpoint, and executes the instruction that it replaced, only where the page is a page of the
 * file. Text with relocations (DT_TEXTREL) is left as it is. Returns how many base pages were taken
 * out, or -ENOMEM with the list as it was. Without /proc: none.
 */
long classify_exclude_changed(struct vector *pieces, const struct found *found);

#endif
