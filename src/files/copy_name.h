/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which copy of which file: the names of copies and of the directories that they are in.
 */
#ifndef FILES_COPY_NAME_H
#define FILES_COPY_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "files/wanted.h"
#include "options/options.h"

#define COPY_NAME_BYTES 128
#define COPY_PATH_BYTES (4096 + 64)

/* Names of directories; %u: the user. */
#define COPY_DIRECTORY_OF_ALL  "libhugetlbfs-files"
#define COPY_DIRECTORY_OF_USER "libhugetlbfs-files-%u"

/* Where copies are, and of which file one is. Large: not for a stack. */
struct copy {
	const struct options *options;
	struct wanted_file *wanted;
	size_t page_bytes;
	int file; /* open for reading, by us */
	unsigned int user;
	int directory;
	uint64_t bytes; /* of the file's whole huge pages; then of those that the copy has */
	char mount[4096], path[COPY_PATH_BYTES], name[COPY_NAME_BYTES];
};

/* What a copy of that file is called. Pure. */
void copy_name(const struct statx *status, char name[COPY_NAME_BYTES]);

#endif
