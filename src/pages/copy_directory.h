/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories on hugetlbfs mounts in which processes share copies, and whom to trust there.
 */
#ifndef COPY_DIRECTORY_H
#define COPY_DIRECTORY_H

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

#endif
