/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names on a mount that a process left which was killed between making a file and unlinking it.
 */
#ifndef LEFT_NAMES_H
#define LEFT_NAMES_H

/* The names of this library's files on a mount begin with this. */
#define LEFT_NAMES_PREFIX "libhugetlbfs.tmp."

/*
 * Unlinks those of this user. Such a file is empty, as it gets its pages after it has lost its
 * name: one with pages is somebody's, and stays. A process that has just made its file, and finds
 * the name gone (ENOENT), has lost nothing. Inspects at most some thousand names.
 */
void left_names_remove(const char *mount);

#endif
