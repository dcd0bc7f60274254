/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copies that processes share, of text (HUGETLB_SHARE=1) and of files that programs map
 * (HUGETLB_MMAP_FILES): files on hugetlbfs mounts, which the library creates and never removes
 * while they are up to date. Lists them, with the processes that map them and the files that they
 * are copies of.
 *
 * A copy is only a shortcut: a process that maps it keeps it after its file is deleted, and one
 * that starts later makes another copy. So it does not matter if processes start and end during the
 * search.
 */
#ifndef SHARED_COPIES_H
#define SHARED_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "hugeadm.h"

enum shared_kind { SHARED_TEXT, SHARED_FILES };

struct shared_copy {
	enum shared_kind kind;
	char *path;
	const char *name;   /* the last component */
	size_t mount_bytes; /* the length of the mount's path, with which its path begins */
	dev_t device;
	ino_t inode;
	mode_t mode;
	time_t made;
	uint64_t bytes;
	size_t page_bytes;

	/* Of text: what its name says about the original file; false: it has no build-id. */
	bool names_file;
	uint64_t file_bytes, changed_seconds, changed_nanoseconds;
	uint64_t file_inode;

	/* The path of the original. Of a file: when it was copied. Of text: as a process sees it,
	 * filled in by shared_users_find(). NULL: unknown. */
	char *object;
	char *note; /* the name of the file beside the copy that says so, or NULL */

	/* Filled in by shared_users_find(). */
	pid_t *users;
	int user_count;
	bool is_current; /* the original exists and is unchanged, or that is not known */
};

/*
 * Finds the copies of that kind on all hugetlbfs mounts that this process sees. A second name of a
 * copy, which a killed process may have left, is a separate entry with the same inode. Returns 0,
 * or the -errno of the first directory that cannot be read, which was reported. The copies are
 * never freed.
 */
int shared_copies_find(enum shared_kind kind, struct shared_copy **copies, int *count);

/* The same with their users. `unknown` is the number of processes that could not be inspected; if
 * it is not 0, that was reported, and the result is -EACCES. */
int shared_copies_find_used(enum shared_kind kind, struct shared_copy **copies, int *count,
			    int *unknown);

/*
 * Opens the directory that the copy is in, one name after the other: none may be a symbolic link.
 * No descriptor is kept meanwhile, as users may make any number of directories. -1 and errno.
 */
int shared_copy_open_directory(const struct shared_copy *copy);

/*
 * Deletes the copy and its note; or prints the command. Through a descriptor: a
 * path through a directory that a user may change could lead elsewhere. Another file that has its
 * name by now stays. Returns 0 or -errno after a line on stderr.
 */
int shared_copy_drop(const struct request *request, const struct shared_copy *copy);

/* Is this the second name of a copy? */
bool shared_copy_is_second_name(const struct shared_copy *copy);

/* Fills in users and objects. Returns the number of processes that could not be inspected. */
int shared_users_find(struct shared_copy *copies, int count);

#endif
