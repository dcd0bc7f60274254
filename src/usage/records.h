/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The account of the calling process, read while it runs.
 *
 * The records of its mappings are in a mapping of their own, which is not counted. Nothing is
 * allocated by malloc, because a thread that never runs again may hold malloc's locks.
 */
#ifndef USAGE_RECORDS_H
#define USAGE_RECORDS_H

#include "usage/files.h"
#include "usage/parts.h"

struct own_usage {
	struct usage_table table;
	struct usage_files files;
	unsigned long early_small_kb; /* in [heap], on small pages */
};

/*
 * Reads /proc/self/smaps. Fills in clues->program and page_bytes from the auxiliary vector that the
 * kernel passed at the start. Returns 0 or -errno; nothing is left mapped or open.
 */
int own_usage_read(struct own_usage *usage, struct clues *clues);

#endif
