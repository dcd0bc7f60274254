/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copies of text that processes share (HUGETLB_SHARE=1): files on hugetlbfs mounts, which the
 * library makes and never removes. Which there are, who maps them, and what they are copies of.
 *
 * A copy is only a shortcut: who maps it keeps it after its file is deleted, and who starts later
 * makes another one. So it does no harm that processes come and go while this is looked at.
 */
#ifndef SHARED_TEXT_H
#define SHARED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct shared_copy {
	char *path;
	const char *name; /* its last part */
	int directory;    /* a descriptor of where it is: open until the tool ends */
	dev_t device;
	ino_t inode;
	uint64_t bytes;
	size_t page_bytes;

	/* What its name says of the file that it was made from; false: it has no build-id. */
	bool names_file;
	uint64_t file_bytes, changed_seconds, changed_nanoseconds;
	uint64_t file_inode;

	/* What was found out by shared_users_find(). */
	pid_t *users;
	int user_count;
	char *object; /* the path of the program or library, as a process sees it; NULL: unknown */
	bool is_current; /* its object is there and what it was, or that is not known */
};

/*
 * Finds the copies on all hugetlbfs mounts that this process sees. A second name of a copy, which a
 * killed process may have left, is an entry of its own with the same inode. Returns 0, or -errno of
 * the first directory that can't be looked into, which was told. The copies live until the end of
 * the tool.
 */
int shared_copies_find(struct shared_copy **copies, int *count);

/* Is that the second name of a copy? */
bool shared_copy_is_second_name(const struct shared_copy *copy);

/* Fills in users and objects. Returns the number of processes that can't be looked into. */
int shared_users_find(struct shared_copy *copies, int count);

#endif
