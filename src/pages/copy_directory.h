/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories on hugetlbfs mounts in which processes share copies, and whom to trust there.
 */
#ifndef COPY_DIRECTORY_H
#define COPY_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"

/*
 * May what was opened be trusted by that user? NULL, or why not: it must belong to the user or to
 * root, and be writable by nobody else.
 */
const char *copy_directory_mistrust(const struct statx *status, unsigned int user);

/*
 * Opens the directory of that name on the mount, and makes it with that mode if need be (0: only
 * opens it). path, of path_bytes bytes, becomes its path. A descriptor or -errno.
 */
long copy_directory_open(const char *mount, const char *name, int mode, char *path,
			 unsigned long path_bytes);

/*
 * Checks a directory that was opened. 0; -EINVAL: it is not on a hugetlbfs of that page size;
 * -EACCES: that user can't trust it, *reason says why; or another -errno. flags: of its mount,
 * ST_*.
 */
int copy_directory_check(int directory, size_t page_bytes, unsigned int user, long *flags,
			 const char **reason);

/* A copy that is looked for in a directory. */
struct copy_search {
	int directory;
	unsigned int user;             /* whose copies may be used, besides root's */
	uint64_t bytes_min, bytes_max; /* of a complete copy */
	/* the result */
	uint64_t bytes;
	const char *reason; /* why it can't be used, with -EACCES */
};

/* Opens the copy of that name for reading. A descriptor; -ENOENT: there is none; -EACCES: it can't
 * be used; or another -errno. */
int copy_directory_find(struct copy_search *search, const char *name);

#endif
