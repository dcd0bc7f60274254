/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds runs of free small pages in one unit. Pure; the time does not depend on how the free pages
 * are distributed.
 */
#ifndef BIT_RUNS_H
#define BIT_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* A unit has at most 2M, and a small page at least 4K. */
#define UNIT_WORDS_MAX 8

/*
 * free: a bit for each small page, set if it is free; words: how many words are in use. Returns the
 * first page of `count` adjacent free ones that is a multiple of step, a power of two; SIZE_MAX:
 * there is none. On return free has a bit set for each page that begins such a run, whether at a
 * multiple or not.
 */
size_t bit_runs_find(uint64_t free[UNIT_WORDS_MAX], size_t words, size_t count, size_t step);

#endif
