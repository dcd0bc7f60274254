/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that a text was mapped from: found again, opened, and proved to be what is in memory.
 *
 * No malloc; a descriptor is the caller's from the moment that share_file_open() returns 0.
 */
#ifndef SHARE_FILE_H
#define SHARE_FILE_H

#include <stdint.h>

#include "segments/share_text.h"

/* Enough for the longest name of a copy; see share_file_name(). */
#define SHARE_NAME_BYTES 224

struct share_file {
	int fd;
	uint64_t offset;         /* of the text in it */
	unsigned int mode;       /* its permissions */
	uint64_t bytes;          /* its size when it was opened */
	int64_t changed_seconds; /* its ctime: no program can set it back */
	uint32_t changed_nanoseconds;
	uint64_t inode;
};

/*
 * Opens the file whose pages the whole text is, by the name that /proc/self/maps has. -ENOENT,
 * -EACCES and others of the kernel: it can't be opened by that name; -ESTALE: the text is not one
 * private mapping of one file, or the name leads to another file by now, or a page of the text was
 * written to in this process.
 */
int share_file_open(const struct share_text *text, struct share_file *file);

/* -ESTALE where the file was written to since share_file_open(). */
int share_file_check(const struct share_file *file);

/*
 * Reads the text from its file to `to`, where there is room for text->file_bytes; what lies behind
 * the file's end is left as it is. 0 or -errno.
 */
int share_file_read(const struct share_file *file, const struct share_text *text, void *to);

/* The name of the text's copy: see share.h for what it is made of. 0 or -errno of reading. */
int share_file_name(const struct share_file *file, const struct share_text *text,
		    char name[SHARE_NAME_BYTES]);

#endif
