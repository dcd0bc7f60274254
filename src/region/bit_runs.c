/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs of free small pages in one unit: see bit_runs.h.
 */
#include "region/bit_runs.h"

/* Clears each bit whose counterpart `by` places above is clear. */
static void and_shifted(uint64_t free[UNIT_WORDS_MAX], size_t words, size_t by)
{
	const size_t whole = by / 64, part = by % 64;

	for (size_t i = 0; i < words; i++) {
		uint64_t above = i + whole < words ? free[i + whole] >> part : 0;

		if (part && i + whole + 1 < words)
			above |= free[i + whole + 1] << (64 - part);
		free[i] &= above;
	}
}

/* The bits of word i that are multiples of step. */
static uint64_t multiples(size_t i, size_t step)
{
	if (step < 64)
		return UINT64_MAX / (((uint64_t)1 << step) - 1);
	return i * 64 % step ? 0 : 1;
}

size_t bit_runs_find(uint64_t free[UNIT_WORDS_MAX], size_t words, size_t count, size_t step)
{
	/* A set bit means that `known` pages, beginning with its own, are free. */
	for (size_t known = 1, more; known < count; known += more) {
		more = known < count - known ? known : count - known;
		and_shifted(free, words, more);
	}
	for (size_t i = 0; i < words; i++) {
		uint64_t found = free[i] & multiples(i, step);

		if (found)
			return i * 64 + (size_t)__builtin_ctzll(found);
	}
	return SIZE_MAX;
}
