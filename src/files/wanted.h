/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mapping of a file that may go on huge pages: what the program asked for, and which file.
 */
#ifndef FILES_WANTED_H
#define FILES_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "calls/state.h"
#include "copies/original.h"

struct wanted_file {
	const struct calls_file *call;
	struct original original;
	bool is_named; /* by HUGETLB_MMAP_FILES_ONLY */
};

/* Is it one that files.h speaks of? Makes no system call where it is none by its arguments. */
bool wanted_file_is(const struct calls_file *call, size_t threshold);

/*
 * Finds out which file it is. False: it is not served (no regular file, hugetlbfs, or not one of
 * `only`, patterns with colons between them; NULL: all are).
 */
bool wanted_file_read(struct wanted_file *wanted, const struct calls_file *call, const char *only);

/* Does a path fit one of the patterns? One without a slash is for the last name of the path. Pure.
 */
bool wanted_file_matches(const char *path, const char *patterns);

#endif
