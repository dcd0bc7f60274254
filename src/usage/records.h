/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The account of this very process, read while it runs.
 *
 * The records of its mappings lie in a mapping of their own, which is not accounted: nothing is
 * allocated by malloc, whose locks a thread may hold that never runs again.
 */
#ifndef USAGE_RECORDS_H
#define USAGE_RECORDS_H

#include "usage/parts.h"

struct own_usage {
	struct usage_table table;
	unsigned long early_small_kb; /* in [heap], on small pages */
};

/*
 * Reads /proc/self/smaps. clues->program and page_bytes are filled in here, by what the kernel gave
 * the process at its start. Returns 0 or -errno; nothing is left mapped or open.
 */
int own_usage_read(struct own_usage *usage, struct clues *clues);

#endif
