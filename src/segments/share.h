/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sharing: one huge copy of a text for many processes, in a file on a hugetlbfs mount.
 *
 * Where copies lie: in HUGETLB_SHARE_PATH, or else in libhugetlbfs-share-<uid> on the mount for
 * the page size (HUGETLB_PATH, or the first that may be written). The directory must belong to the
 * user or to root and be writable by nobody else; so must each copy, which is read-only besides.
 *
 * What is guaranteed: a copy is filled from the object's file, never from memory, so that neither a
 * breakpoint nor a relocation gets into it; it is published complete or not at all, by linking a
 * file that had no name: there is no lock to wait for and nothing that a crash leaves behind. It is
 * found by what the text is: the object's build-id with its file's inode, size and time of change
 * (ctime, which no program can set; not the device, which differs per mount of an overlay), or,
 * without a build-id, the SHA-256 of the text itself; and by offset and length. The name of the
 * program plays no part, and a binary that was upgraded, edited, rebuilt or replaced by one of the
 * same build-id gets another copy. The name only finds a copy: what it holds is compared with the
 * file at each start, so that nobody can plant other text there (1.3 ms for 24M). A copy that is
 * found has all of its pages: mapping and using it takes none from the pool.
 *
 * What is not guaranteed: the owner of a copy, so each process of this user that reaches the mount,
 * can write to it later. The kernel seals no file on a mount.
 *
 * No malloc; two system calls' worth of descriptors, closed on return; errno is left alone. May be
 * called with any number of threads.
 */
#ifndef SHARE_H
#define SHARE_H

#include "options/options.h"
#include "segments/share_name.h"

/*
 * Opens the shared copy of a text, which is made first where there is none. Returns a descriptor
 * that is open for reading (and so for executing) and close-on-exec, of a file that is text->bytes
 * long and holds the text from its offset 0; the caller maps it, private and without a reservation,
 * which can't run out of pages as long as nobody writes there, and closes it.
 *
 * Or -errno, with nothing left behind, and the caller goes on with a copy of its own: -ENOENT (no
 * mount, or no file of that name any more), -EACCES (a directory or
 * a copy that is not to be trusted, or a copy that holds other text), -ESTALE (the memory is not,
 * or no longer, what the file holds), -EXDEV (the text lies elsewhere in its huge pages at each
 * start, so no copy would ever be found again: address and file offset must agree modulo the page
 * size, or the address be fixed), -EINVAL (HUGETLB_SHARE_PATH is no hugetlbfs of that page size),
 * -ENOMEM and -ENOSPC (the pool, the mount or a cgroup is short), and others of the kernel. What
 * the user should know was told in one line by then; the caller says nothing about it.
 */
int share_open(const struct share_text *text, const struct options *options);

/* Tells that an object's text is not shared, and why: where it is no text for share_open(). */
void share_decline(const char *object, const char *reason);

#endif
