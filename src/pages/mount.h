/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mounts of hugetlbfs.
 *
 * Reads /proc/mounts at each call. Allocates nothing by malloc.
 */
#ifndef MOUNT_H
#define MOUNT_H

#include <stddef.h>

/*
 * Finds a hugetlbfs mount for pages of that size into path: the first of /proc/mounts that the
 * caller may write to, or, where wanted is not NULL, that one (or a directory on it), checked.
 * -ENOENT: there is none; -EINVAL: wanted is no hugetlbfs of that page size; -EACCES: may not be
 * written; path is empty then.
 */
int mount_find(size_t page_bytes, const char *wanted, char *path, size_t path_bytes);

/*
 * The first of these directories (up to a NULL) that is a hugetlbfs mount for pages of that size,
 * or a directory on it, and that the caller may write to; NULL: none is.
 */
const char *mount_listed(size_t page_bytes, const char *const *directories);

#endif
