/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One copy of a file on a hugetlbfs mount, for all processes that may read the file.
 *
 * Where: in libhugetlbfs-files-<uid> on a mount for the page size, which the user makes and only
 * the user enters; and, made by root (hugeadm --preload), in libhugetlbfs-files-group-<gid> and
 * libhugetlbfs-files, for a group and for everybody, on any such mount. Directory and copy must
 * belong to root or to the user and be writable by nobody else.
 *
 * A copy is named after the file's device, inode, size, mtime and ctime; so a file that was written
 * to, truncated or replaced gets another one. It holds the file's whole huge pages, or where the
 * pool is short as many of the first of them as there were. It is published complete or not at all:
 * a copy that is being made has no name (O_TMPFILE), and goes with its maker. Only one process
 * makes it; others wait while it grows.
 */
#ifndef COPIES_COPY_H
#define COPIES_COPY_H

#include "copies/copy_name.h"

/*
 * Opens the copy of a file; the user's is made first where there is none and the mapping, of
 * mapped_bytes, is of at least a half of the file. Returns a descriptor that is open for reading,
 * of copy->bytes bytes; the caller maps it private and without a reservation, and closes it. Or
 * -errno, with original->reason set and nothing left behind.
 */
int copy_open(struct copy *copy, struct original *original, const struct options *options,
	      size_t page_bytes, uint64_t mapped_bytes);

/*
 * The same for all of the file and for copy->readers, which the caller has set: in their directory,
 * on the first mount that they all may enter. For a group the caller's effective group must be it.
 */
int copy_preload(struct copy *copy, struct original *original, const struct options *options,
		 size_t page_bytes);

#endif
