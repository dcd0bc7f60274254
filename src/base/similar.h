/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of several names a misspelt one was meant to be.
 *
 * Plain loops, no libc call, no allocation: the library uses it at the start of a process.
 */
#ifndef SIMILAR_H
#define SIMILAR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The distance between a word of `bytes` characters and a name: the number of characters that are
 * missing, extra, different, or swapped with their neighbour. SIMILAR_NEVER if that is too many for
 * a misspelling: more than one, and more than one for each six characters of the name.
 */
#define SIMILAR_NEVER 255u
unsigned int similar_distance(const char *word, size_t bytes, const char *name);

#endif
