/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mapping of a file that may go on huge pages: what the program asked for, and which file.
 */
#ifndef FILES_WANTED_H
#define FILES_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"
#include "calls/state.h"

#define WANTED_PATH_BYTES 4096

struct wanted_file {
	const struct calls_file *call;
	struct statx status;
	uint32_t filesystem; /* its magic number */
	bool is_named;       /* by HUGETLB_MMAP_FILES_ONLY */
	char path[WANTED_PATH_BYTES];

	/* why it is not on huge pages, and what may help; "" where there is nothing to say */
	char reason[256];
};

/* Is it one that files.h speaks of? Makes no system call where it is none by its arguments. */
bool wanted_file_is(const struct calls_file *call, size_t threshold);

/*
 * Finds out which file it is. False: it is not served (no regular file, hugetlbfs, or not one of
 * `only`, patterns with colons between them; NULL: all are).
 */
bool wanted_file_read(struct wanted_file *wanted, const struct calls_file *call, const char *only);

/* Sets the reason; why there is no copy, by the kernel's word. */
void wanted_file_refuse(struct wanted_file *wanted, const char *reason);
void wanted_file_refuse_error(struct wanted_file *wanted, long error);

/*
 * Opens it once more, for reading: the program's descriptor may have a lease, or be for writing.
 * A descriptor, or -errno with wanted->reason.
 */
int wanted_file_open(struct wanted_file *wanted);

/* Does a path fit one of the patterns? One without a slash is for the last name of the path. Pure.
 */
bool wanted_file_matches(const char *path, const char *patterns);

/* Is the file in memory only (tmpfs, memfd)? Does its file system record every change? */
bool wanted_file_is_in_memory(const struct wanted_file *wanted);
bool wanted_file_is_local(const struct wanted_file *wanted);

#endif
