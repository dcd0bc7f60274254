/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Free slots and runs of them: see free_runs.h.
 */
#include <string.h>

#include "region/free_runs.h"

/* Node 1 is the root, 2n and 2n + 1 are the halves of n, and the leaves come last. */
static size_t leaves_for(size_t slots)
{
	size_t leaves = 1;

	while (leaves < slots)
		leaves *= 2;
	return leaves;
}

size_t free_runs_bytes(size_t slots)
{
	return 2 * leaves_for(slots) * sizeof(struct free_run);
}

void free_runs_begin(struct free_runs *runs, size_t slots, void *memory)
{
	*runs = (struct free_runs){slots, leaves_for(slots), memory};
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Computes a node of twice `half` slots from its halves. */
static struct free_run join(const struct free_run *left, const struct free_run *right,
			    uint32_t half)
{
	uint32_t across = left->tail + right->head;
	struct free_run whole = {
		.head = left->head ? left->head + half : right->head,
		.tail = right->tail ? right->tail + half : left->tail,
		.longest = smaller(left->longest, right->longest) + half,
	};

	whole.longest = smaller(whole.longest, across);
	return whole;
}

/* The old tree becomes the first part of the new one: it moves down by some levels. */
void free_runs_extend(struct free_runs *runs, size_t slots, void *memory,
		      const struct free_runs *old)
{
	size_t root = leaves_for(slots) / old->leaves;

	free_runs_begin(runs, slots, memory);
	for (size_t level = 1; level <= old->leaves; level *= 2)
		memcpy(&runs->nodes[level * root], &old->nodes[level],
		       level * sizeof(runs->nodes[0]));
	for (uint32_t half = (uint32_t)old->leaves; root > 1; half *= 2) {
		root /= 2;
		runs->nodes[root] = join(&runs->nodes[2 * root], &runs->nodes[2 * root + 1], half);
	}
}

static void mark(struct free_runs *runs, size_t from, size_t to, uint32_t taken)
{
	size_t first = runs->leaves + from, last = runs->leaves + to - 1;

	if (from >= to)
		return;
	for (size_t node = first; node <= last; node++)
		runs->nodes[node] = (struct free_run){taken, taken, taken};
	for (uint32_t half = 1; first > 1; half *= 2) {
		first /= 2;
		last /= 2;
		for (size_t node = first; node <= last; node++)
			runs->nodes[node] =
				join(&runs->nodes[2 * node], &runs->nodes[2 * node + 1], half);
	}
}

void free_runs_take(struct free_runs *runs, size_t from, size_t to)
{
	mark(runs, from, to, 1);
}

void free_runs_release(struct free_runs *runs, size_t from, size_t to)
{
	mark(runs, from, to, 0);
}

size_t free_runs_find(const struct free_runs *runs, size_t count)
{
	size_t node = 1, start = 0, half = runs->leaves / 2;

	if (count > runs->leaves - runs->nodes[1].longest)
		return SIZE_MAX;
	for (; half; half /= 2) {
		const struct free_run *left = &runs->nodes[2 * node], *right = left + 1;

		node *= 2;
		if (half >= left->longest + count)
			continue;
		if (2 * half >= left->tail + right->head + count) {
			start += left->tail;
			break;
		}
		node++;
		start += half;
	}
	/* The leaves after the last slot are never taken. */
	return start + count <= runs->slots ? start : SIZE_MAX;
}
