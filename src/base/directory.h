/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names in a directory. System calls only, no malloc.
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <dirent.h>

struct directory {
	int fd;
	long used, at; /* of entries; used is an error after the last name, if reading failed */
	_Alignas(struct dirent64) char entries[1024];
};

/* Opens a directory, relative to another one (AT_FDCWD: to the current one). Returns 0, or -errno;
 * after 0 the caller must call directory_close(). */
int directory_open(struct directory *directory, int parent, const char *path);
void directory_close(struct directory *directory);

/* Begins again, with what is there now. */
int directory_rewind(struct directory *directory);

/* The next name, "." and ".." among them; NULL: there is none. */
const char *directory_next(struct directory *directory);

#endif
