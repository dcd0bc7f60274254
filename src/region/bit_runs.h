/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs of free small pages in one unit: pure, in a time that does not depend on how they lie.
 */
#ifndef BIT_RUNS_H
#define BIT_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* A unit has 2M at most, and a small page 4K at least. */
#define UNIT_WORDS_MAX 8

/*
 * free: a bit for each small page, set where it is free; words: so many of its words are in use.
 * The first page of `count` free ones side by side that is a multiple of step, a power of two;
 * SIZE_MAX: there are none. On return free has a bit for each page that begins such a run, at a
 * multiple or not.
 */
size_t bit_runs_find(uint64_t free[UNIT_WORDS_MAX], size_t words, size_t count, size_t step);

#endif
