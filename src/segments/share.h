/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sharing: one huge copy of a text for many processes, in a file on a hugetlbfs mount.
 *
 * Copies are in HUGETLB_SHARE_PATH, otherwise in elflink-uid-<uid> on the mount for the page
 * size (HUGETLB_PATH, or the first writable one). The directory must belong to the user or to root
 * and be writable by nobody else; the same is required of each copy, which is also read-only.
 *
 * Guarantees: a copy is filled from the object's file, never from memory, so that it contains
 * neither breakpoints nor relocations; it is published completely or not at all, by linking a file
 * that had no name: there is no lock to wait for and a crash leaves nothing behind. It is
 * identified by the text: the object's build-id with its file's inode, size and time of change
 * (ctime, which no program can set; not the device, which differs per mount of an overlay), or,
 * without a build-id, the SHA-256 of the text itself; and by offset and length. The name of the
 * program does not matter, and a binary that was upgraded, edited, rebuilt or replaced by one with
 * the same build-id gets another copy. The name only finds a copy: its content is compared with the
 * file at each start, so that nobody can plant other text (1.3 ms for 24M). An existing copy has
 * all of its pages: mapping and using it takes none from the pool.
 *
 * What is not guaranteed: the owner of a copy, and so each process of this user that can reach the
 * mount, can write to it later. The kernel cannot seal a file on a mount.
 *
 * No malloc; at most two descriptors at a time, closed on return; errno is unchanged. May be called
 * with any number of threads.
 */
#ifndef SHARE_H
#define SHARE_H

#include "options/options.h"
#include "segments/share_name.h"

/*
 * Opens the shared copy of a text, after creating it if there is none. Returns a descriptor, opened
 * for reading (and so for executing) and close-on-exec, for a file that is text->bytes long and has
 * the text from its offset 0; the caller maps it, private and without a reservation, which cannot
 * run out of pages as long as nothing writes there, and closes it.
 *
 * Or returns -errno, with nothing left behind, and the caller continues with a private copy:
 * -ENOENT (no mount, or the file no longer has that name), -EACCES (a directory or a copy that
 * cannot be trusted, or a copy with other content), -ESTALE (the memory does not, or no longer,
 * have the file's content), -EXDEV (the text has another offset in its huge pages at each start, so
 * no copy would ever be found again: address and file offset must agree modulo the page size, or
 * the address must be fixed), -EINVAL (HUGETLB_SHARE_PATH is not a hugetlbfs of that page size),
 * -ENOMEM and -ENOSPC (the pool, the mount or a cgroup is short), and other errors of the kernel.
 * The reason was logged in one line; the caller logs nothing about it.
 */
int share_open(const struct share_text *text, const struct options *options);

/* Logs that an object's text is not shared, and why: for text that share_open() cannot handle. */
void share_decline(const char *object, const char *reason);

#endif
