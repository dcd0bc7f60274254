/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of many slots are free, and where the first run of so many free ones is: in a time that
 * grows with the logarithm of their number, however many are taken.
 *
 * A binary tree over the slots, each node of which knows the free run that it begins with, the one
 * that it ends with, and its longest one. It lies in memory of the caller's; takes no lock, makes
 * no system call, and touches only the paths to slots that were taken.
 */
#ifndef FREE_RUNS_H
#define FREE_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* How much shorter than the node: all zero where every slot is free. */
struct free_run {
	uint32_t head, tail, longest;
};

struct free_runs {
	size_t slots, leaves; /* leaves: a power of two, at least slots */
	struct free_run *nodes;
};

/* So many bytes of memory, all zero, are needed. */
size_t free_runs_bytes(size_t slots);

/* All slots are free. */
void free_runs_begin(struct free_runs *runs, size_t slots, void *memory);

/* The same, with all slots of `old`, no more than these, as they are there. */
void free_runs_extend(struct free_runs *runs, size_t slots, void *memory,
		      const struct free_runs *old);

/* Marks the slots of [from, to). */
void free_runs_take(struct free_runs *runs, size_t from, size_t to);
void free_runs_release(struct free_runs *runs, size_t from, size_t to);

/* The first of the first `count` free slots side by side (at least one); SIZE_MAX: there are none.
 */
size_t free_runs_find(const struct free_runs *runs, size_t count);

#endif
