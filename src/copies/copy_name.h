/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which copy of which file: the names of copies and of the directories that they are in.
 */
#ifndef COPIES_COPY_NAME_H
#define COPIES_COPY_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "copies/original.h"
#include "options/options.h"

#define COPY_NAME_BYTES 128
#define COPY_PATH_BYTES (4096 + 64)

/* The first part of the names of all directories of copies, of a copy, and of a lock, in which the
 * copy's name follows. */
#define COPY_DIRECTORY    "libhugetlbfs-files"
#define COPY_PREFIX       "file-"
#define COPY_LOCK_PREFIX  "making-"
#define COPY_PREFIXES_MAX 8

/* Users who may read a copy; each kind has directories of its own. */
enum copy_readers {
	COPY_FOR_USER,  /* one user, who makes it */
	COPY_FOR_GROUP, /* a group; root makes it */
	COPY_FOR_ALL,   /* everybody; root makes it */
};

/* Where copies are, and of which file one is. Large: not for a stack. */
struct copy {
	const struct options *options;
	struct original *original;
	size_t page_bytes;
	int file; /* open for reading, by us */
	unsigned int user, group;
	enum copy_readers readers;
	int directory;
	int file_of_copy; /* while mounts are searched */
	uint64_t bytes;   /* of the file's whole huge pages; then of those that the copy has */
	char mount[4096], path[COPY_PATH_BYTES], name[COPY_NAME_BYTES];
};

/* The file's whole huge pages, which a complete copy holds. Pure. */
static inline uint64_t copy_whole_bytes(const struct statx *status, size_t page_bytes)
{
	return status->stx_size & ~((uint64_t)page_bytes - 1);
}

/* What a copy of that file is called. Pure. */
void copy_name(const struct statx *status, char name[COPY_NAME_BYTES]);

/* The name of the directory of the copy's readers. Pure. */
#define COPY_DIRECTORY_BYTES 48
void copy_directory_name(const struct copy *copy, char name[COPY_DIRECTORY_BYTES]);

#endif
