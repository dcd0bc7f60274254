/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which part of a process each of its mappings belongs to.
 *
 * Works on short records of the mappings, which the caller stores, because it takes several passes
 * over all of them: a library without malloc has no place for names.
 */
#ifndef USAGE_PARTS_H
#define USAGE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usage/usage.h"

/* What a mapping's name says about it. */
enum part_mapping_name {
	NAME_NONE,
	NAME_BREAK,  /* [heap] */
	NAME_STACK,  /* [stack] */
	NAME_KERNEL, /* [vdso] and the like */
	NAME_SHARED, /* of shared memory */
	NAME_HUGE,   /* memory that is a file only for the kernel: the heap on hugetlb pages */
	NAME_OURS,   /* libhugetlbfs.so */
	NAME_OTHER,
};

struct part_mapping {
	uint64_t start, end, inode;
	unsigned int device_major, device_minor;
	char rights[5];
	bool is_hugetlb;
	unsigned char name; /* enum part_mapping_name */
	unsigned char part; /* enum part: the result of parts_classify() */

	/* Used by parts_classify(): a hash table of the files with code. Indexes of places; 0:
	 * none. */
	uint32_t first_of_hash, next_of_hash;
};

void part_mapping_read(struct part_mapping *place, const struct smaps_mapping *mapping);

#define PROGRAM_SEGMENTS_MAX 32

/* The loaded segments of the program, at run-time addresses. */
struct program_layout {
	int count; /* 0: not known */
	struct {
		uint64_t start, file_end, end; /* file_end to end: bss */
		bool writable;
	} segments[PROGRAM_SEGMENTS_MAX];
};

struct address_range {
	uint64_t start, end;
};

/* Information besides smaps that decides. */
struct clues {
	struct program_layout program;
	const uint64_t *stack_pointers; /* of the threads, if the kernel reports them; ascending */
	size_t stack_count;
	uint64_t stack_limit; /* RLIMIT_STACK, which is the size of threads' stacks too; 0: not
				 known */
	uint64_t page_bytes;  /* of a base page */

	/* Where libhugetlbfs has its regions. If not known, they are guessed. */
	bool regions_known;
	struct address_range break_region, arenas_region;
};

/* Sets the part of each place. The places are those of one process, with ascending addresses. */
void parts_classify(struct part_mapping *places, size_t count, const struct clues *clues);

#endif
