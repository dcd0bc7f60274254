/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Information from the ELF files of a process: where its program is, and the names of functions.
 */
#ifndef HUGESTAT_OBJECTS_H
#define HUGESTAT_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "usage/parts.h"

/*
 * From the program's own headers and the entry point that the kernel keeps, so it is right whatever
 * pages back the program now. Leaves count 0 if one of them cannot be read.
 */
void program_layout_read(pid_t pid, struct program_layout *layout);

/* Is it a program without a dynamic linker? Also false if it cannot be read. */
bool object_is_static(const char *path);

/*
 * Writes "<address> <size> <name>" for each function of the ELF file within [start, end), if the
 * byte at file_offset is at address. Returns how many, or -errno; -ENOENT: this range is not part
 * of the object.
 */
int object_write_functions(const char *path, uint64_t address, uint64_t file_offset, uint64_t start,
			   uint64_t end, FILE *out);

/* The same for the process's program, wherever the kernel has put it. */
int program_write_functions(pid_t pid, uint64_t start, uint64_t end, FILE *out);

#endif
