/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that may be copied to huge pages, by a descriptor that the caller has open.
 */
#ifndef COPIES_ORIGINAL_H
#define COPIES_ORIGINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"

#define ORIGINAL_PATH_BYTES 4096

struct original {
	int given; /* the caller's descriptor */
	struct statx status;
	uint32_t filesystem; /* its magic number */
	char path[ORIGINAL_PATH_BYTES];

	/* why it is not on huge pages, and what may help; "" where there is nothing to say */
	char reason[256];
};

/* Finds out which file it is. False: no regular file, or one on a hugetlbfs. */
bool original_read(struct original *original, int fd);

/* Sets the reason; why there is no copy, by the kernel's word. */
void original_refuse(struct original *original, const char *reason);
void original_refuse_error(struct original *original, long error);

/*
 * Opens it once more, for reading: the caller's descriptor may have a lease, or be for writing. A
 * descriptor, or -errno with a reason.
 */
int original_open(struct original *original);

/* Is the file in memory only (tmpfs, memfd)? Does its file system record every change? */
bool original_is_in_memory(const struct original *original);
bool original_is_local(const struct original *original);

/* Sets the reason of a file that is neither. */
void original_refuse_elsewhere(struct original *original);

#endif
