/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves text and data of a running program to huge pages: the order of steps.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include <stdbool.h>

#include "options/options.h"

/* Does the program or a library have segments that the linker or hugeedit marked? For a process in
 * which no variable is set: makes no system call. */
bool segments_are_marked(void);

/*
 * Moves the segments that the options request to huge pages. In the constructor, before the program
 * begins; after the heap, which patches a page of libc's text. Returns 0, also if the program has
 * no whole huge page of any segment; or -errno if the request was not met in full, after logging
 * one line: what was not moved is unchanged.
 */
int segments_start(const struct options *options);

#endif
