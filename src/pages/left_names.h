/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names on a mount that a process left which was killed between making a file and unlinking it.
 */
#ifndef LEFT_NAMES_H
#define LEFT_NAMES_H

/* What the name of each file of ours on a mount begins with. */
#define LEFT_NAMES_PREFIX "libhugetlbfs.tmp."

/*
 * Unlinks those of this user. Such a file is empty, as it gets its pages after it has lost its
 * name: one with pages is somebody's, and stays. A process that has just made its file, and finds
 * the name gone (ENOENT), has lost nothing. Inspects at most some thousand names.
 */
void left_names_remove(const char *mount);

#endif
