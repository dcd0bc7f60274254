/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ELF files of a process say: where its program lies, and the names of functions.
 */
#ifndef HUGESTAT_OBJECTS_H
#define HUGESTAT_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "usage/parts.h"

/*
 * By the program's own headers and the entry point that the kernel keeps, so it holds wherever the
 * pages come from now. Leaves count 0 where one of them can't be read.
 */
void program_layout_read(pid_t pid, struct program_layout *layout);

/* Is it a program into which no library is loaded? False also where it can't be read. */
bool object_is_static(const char *path);

/*
 * Writes "<address> <size> <name>" for each function of the ELF file that lies within [start, end)
 * when the byte at file_offset is at address. Returns how many, or -errno; -ENOENT: this range is
 * no part of the object.
 */
int object_write_functions(const char *path, uint64_t address, uint64_t file_offset, uint64_t start,
			   uint64_t end, FILE *out);

/* The same of the process's program, wherever the kernel has put it. */
int program_write_functions(pid_t pid, uint64_t start, uint64_t end, FILE *out);

#endif
