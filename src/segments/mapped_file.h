/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which file memory is mapped from, and whether it is still what the file holds.
 *
 * /proc/self is asked anew at each call: between two of them the program, or a debugger, may have
 * changed what it says. No malloc; nothing is left open or mapped.
 */
#ifndef MAPPED_FILE_H
#define MAPPED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/smaps.h"

/* The file as /proc/self/maps names it, which on some file systems is not as stat does. */
struct mapped_file {
	unsigned int device_major, device_minor;
	uint64_t inode;
	uint64_t offset; /* of the memory's first byte */
	char path[SMAPS_NAME_BYTES];
};

/*
 * Where so many bytes of memory come from. -ESTALE: they are not private and read-only mappings of
 * one file, one behind the other there as here. Others: /proc can't be read.
 */
int mapped_file_find(uintptr_t address, size_t bytes, struct mapped_file *origin);

/* Is the memory at address a mapping of that file, at any offset? */
bool mapped_file_is_mapped(uintptr_t address, const struct mapped_file *origin);

/*
 * 0, or -ESTALE: a page was written to (a breakpoint, a patch), and is this process's own, not the
 * file's.
 */
int mapped_file_check_pages(uintptr_t address, size_t bytes);

#endif
