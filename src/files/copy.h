/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One copy of a file on a hugetlbfs mount, for all processes of a user.
 *
 * Where: in libhugetlbfs-files-<uid> on the mount for the page size, which the user makes and only
 * the user enters; and in libhugetlbfs-files, which root makes (hugeadm --preload), for everybody.
 * Both, and each copy, must belong to root or to the user and be writable by nobody else.
 *
 * A copy is named after the file's device, inode, size, mtime and ctime; so a file that was written
 * to, truncated or replaced gets another one. It holds the file's whole huge pages, or where the
 * pool is short as many of the first of them as there were. It is published complete or not at all:
 * a copy that is being made has no name (O_TMPFILE), and goes with its maker. Only one process
 * makes it; others wait while it grows.
 */
#ifndef FILES_COPY_H
#define FILES_COPY_H

#include "files/copy_name.h"

/*
 * Opens the copy of copy->wanted, which is made first where there is none and the mapping is of at
 * least a half of the file. Returns a descriptor that is open for reading, of copy->bytes bytes;
 * the caller maps it private and without a reservation, and closes it. Or -errno, with
 * wanted->reason set and nothing left behind.
 */
int copy_open(struct copy *copy, struct wanted_file *wanted, const struct options *options,
	      size_t page_bytes);

#endif
