/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text and data that are there already, put on huge pages: the order of steps.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include <stdbool.h>

#include "options/options.h"

/* Has the program or a library segments that the linker or hugeedit marked? For a process in which
 * no variable is set: makes no system call. */
bool segments_are_marked(void);

/*
 * Puts the segments that the options ask for on huge pages. In the constructor, when the program
 * has not begun; the heap comes before, as it changes a page of libc's text. Returns 0, also where
 * the program has no whole huge page of anything; or -errno where what was asked for was not had
 * in full: there the program is as it was, and one line about it was written.
 */
int segments_start(const struct options *options);

#endif
