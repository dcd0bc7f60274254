/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the user asked for: the environment and the configuration file, parsed by one table.
 *
 * Parsed once: by the constructor, before any other thread runs, or by the first who asks, where
 * that is before it (a static program may be without it). Read-only afterwards. Nothing here
 * allocates; system calls are made for the configuration file (see config.h) and for the
 * lines of the log. A value that can't be understood leaves its feature off and is told in one
 * line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "options/table.h"

/*
 * Reads the environment, and what the configuration file has beyond it, into *options (all off
 * first) and sets the log's level. Returns the number of known variables of ours that are set in
 * either, so 0 means that there is nothing to do: also for a secure (set-uid) program and for one
 * that HUGETLB_RESTRICT_EXE leaves out, whose marked segments are none of our business either
 * (SEGMENTS_OFF). program is a path or a base name. *bad is the number of values and lines that
 * were not understood: where HUGETLB_REQUIRE is set the caller does not start the program. Strings
 * in *options are copies: a program may write over its environment (setproctitle).
 */
int options_read(struct options *options, char **environment, const char *program, int *bad);

/*
 * The options of this process, read on the first call, by whichever thread comes first. What
 * options_read() returned and *bad are stored where the pointers are not NULL.
 */
const struct options *options_get(int *set, int *bad);

#endif
