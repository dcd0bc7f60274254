/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The largest files that a process maps, by name, and how much of each is on huge pages. A copy on
 * a hugetlbfs mount (copies/) counts for the file that was copied.
 */
#ifndef USAGE_FILES_H
#define USAGE_FILES_H

#include "usage/usage.h"

#define USAGE_FILES_MAX        16
#define USAGE_FILES_TEXT_BYTES 2048

/* Files with less in memory are not listed: one huge page on most machines. */
#define USAGE_FILE_KB_MIN 2048

struct usage_files {
	int count;
	struct usage_file {
		char name[SMAPS_NAME_BYTES];
		unsigned long memory, huge; /* kB */
	} files[USAGE_FILES_MAX];
};

/*
 * Adds a mapping of PART_FILES. root: "", or the directory that is the root of the process. Reads
 * the directory of a copy; otherwise makes no system call.
 */
void usage_files_add(struct usage_files *files, const struct smaps_mapping *mapping,
		     const char *root);

/* Sorts the files by memory, and leaves out those with little. */
void usage_files_sort(struct usage_files *files);

/* Lines for people, one per file, no wider than columns; returns their length. */
int usage_files_text(const struct usage_files *files, unsigned int columns, char *out,
		     size_t bytes);

#endif
