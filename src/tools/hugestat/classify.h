/*
 * To which part of a process each of its mappings belongs.
 */
#ifndef HUGESTAT_CLASSIFY_H
#define HUGESTAT_CLASSIFY_H

#include "tools/hugestat/objects.h"
#include "tools/hugestat/process.h"

/* What beside smaps decides. */
struct clues {
	struct program_layout program;
	uint64_t *stack_pointers; /* of the threads, where the kernel tells them */
	size_t stack_count;
	uint64_t page_bytes; /* of a small page */
};

/* Sets the part of each mapping; looks at nothing but its arguments. */
void classify(struct process_mapping *mappings, size_t count, const struct clues *clues);

#endif
