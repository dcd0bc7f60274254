/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mounts of hugetlbfs.
 *
 * Reads /proc/mounts at each call. Does not call malloc.
 */
#ifndef MOUNT_H
#define MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/statfs.h>

/* Is it a hugetlbfs for pages of that size? */
bool mount_has_pages(const struct statfs64 *filesystem, size_t page_bytes);

/*
 * Calls visit with the path of each hugetlbfs mount for pages of that size, in the order of
 * /proc/mounts, until it returns true, which is returned; the path is in path then. With
 * directories (up to a NULL, and not empty) of those instead.
 */
bool mount_visit(size_t page_bytes, const char *const *directories,
		 bool (*visit)(const char *path, void *context), void *context, char *path,
		 size_t path_bytes);

/*
 * Stores the path of a hugetlbfs mount for pages of that size: the first in /proc/mounts that the
 * caller may write to or, if wanted is not NULL, that one (or a directory on it), after checking
 * it. -ENOENT: there is none; -EINVAL: wanted is not a hugetlbfs of that page size; -EACCES: no
 * write permission; path is empty then.
 */
int mount_find(size_t page_bytes, const char *wanted, char *path, size_t path_bytes);

/*
 * The first of these directories (up to a NULL) that is on a hugetlbfs mount for pages of that size
 * and that the caller may write to; NULL: none is.
 */
const char *mount_listed(size_t page_bytes, const char *const *directories);

#endif
