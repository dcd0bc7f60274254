/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of many slots are free, and where the first run of n free ones is: in time logarithmic in
 * the number of slots, however many are taken.
 *
 * A binary tree over the slots; each node stores the free run at its beginning, the one at its end,
 * and the longest one. The caller provides the memory; no lock, no system call, and only the paths
 * to slots that were taken are touched.
 */
#ifndef FREE_RUNS_H
#define FREE_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* How much shorter each run is than the node: all zero if every slot is free. */
struct free_run {
	uint32_t head, tail, longest;
};

struct free_runs {
	size_t slots, leaves; /* leaves: a power of two, at least slots */
	struct free_run *nodes;
};

/* How many bytes of memory, all zero, are needed. */
size_t free_runs_bytes(size_t slots);

/* Starts with all slots free. */
void free_runs_begin(struct free_runs *runs, size_t slots, void *memory);

/* The same, copying the slots of `old`, which are no more than these. */
void free_runs_extend(struct free_runs *runs, size_t slots, void *memory,
		      const struct free_runs *old);

/* Marks the slots of [from, to) as taken. */
void free_runs_take(struct free_runs *runs, size_t from, size_t to);
void free_runs_release(struct free_runs *runs, size_t from, size_t to);

/* The first slot of the first run of `count` (at least one) adjacent free slots; SIZE_MAX: there is
 * none. */
size_t free_runs_find(const struct free_runs *runs, size_t count);

#endif
