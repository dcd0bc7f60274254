/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copies of text that processes share (HUGETLB_SHARE=1): files on hugetlbfs mounts, which the
 * library creates and never removes. Lists them, with the processes that map them and the files
 * that they are copies of.
 *
 * A copy is only a shortcut: a process that maps it keeps it after its file is deleted, and one
 * that starts later makes another copy. So it does not matter if processes start and end during the
 * search.
 */
#ifndef SHARED_TEXT_H
#define SHARED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct shared_copy {
	char *path;
	const char *name;   /* the last component */
	size_t mount_bytes; /* the length of the mount's path, with which its path begins */
	dev_t device;
	ino_t inode;
	uint64_t bytes;
	size_t page_bytes;

	/* What its name says about the original file; false: it has no build-id. */
	bool names_file;
	uint64_t file_bytes, changed_seconds, changed_nanoseconds;
	uint64_t file_inode;

	/* Filled in by shared_users_find(). */
	pid_t *users;
	int user_count;
	char *object; /* the path of the program or library, as a process sees it; NULL: unknown */
	bool is_current; /* the original exists and is unchanged, or that is not known */
};

/*
 * Finds the copies on all hugetlbfs mounts that this process sees. A second name of a copy, which a
 * killed process may have left, is a separate entry with the same inode. Returns 0, or the -errno
 * of the first directory that cannot be read, which was reported. The copies are never freed.
 */
int shared_copies_find(struct shared_copy **copies, int *count);

/*
 * Opens the directory that the copy is in, one name after the other: none may be a symbolic link.
 * No descriptor is kept meanwhile, as users may make any number of directories. -1 and errno.
 */
int shared_copy_open_directory(const struct shared_copy *copy);

/* Is this the second name of a copy? */
bool shared_copy_is_second_name(const struct shared_copy *copy);

/* Fills in users and objects. Returns the number of processes that could not be inspected. */
int shared_users_find(struct shared_copy *copies, int count);

#endif
