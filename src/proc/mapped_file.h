/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that memory is mapped from: found by /proc/self/maps, opened by its name, and proved to
 * hold what is in memory.
 *
 * /proc/self is read again at each call: between two calls the program, or a debugger, may have
 * changed its mappings. No malloc.
 */
#ifndef MAPPED_FILE_H
#define MAPPED_FILE_H

#include <stddef.h>
#include <stdint.h>

struct mapped_file {
	int fd;
	uint64_t offset;         /* of the memory's first byte */
	unsigned int mode;       /* its permissions */
	uint64_t bytes;          /* its size when it was opened */
	int64_t changed_seconds; /* its ctime, which no program can set back */
	uint32_t changed_nanoseconds;
	uint64_t inode;
};

/*
 * Opens the file of [address, address + bytes). -ENOENT, -EACCES and other errors of the kernel: it
 * cannot be opened by the name in /proc/self/maps. -ESTALE: the memory is not one private read-only
 * mapping of one file, or the name leads to another file by now. The caller closes file->fd after a
 * 0. The comparison is also right on btrfs and overlayfs, where stat and maps name different
 * devices.
 */
int mapped_file_find(uintptr_t address, size_t bytes, struct mapped_file *file);

/* The same; -ESTALE also if a page was written to in this process (a breakpoint, a patch). */
int mapped_file_open(uintptr_t address, size_t bytes, struct mapped_file *file);

/* -ESTALE if the file was written to since mapped_file_open(). */
int mapped_file_check(const struct mapped_file *file);

/* Reads from a distance of `from` bytes after the memory's first byte. Returns the number of bytes,
 * which is smaller where the file ends, or -errno. */
long mapped_file_read(const struct mapped_file *file, size_t from, void *to, size_t bytes);

#endif
