/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's settings: the environment and the configuration file, parsed with one table.
 *
 * Parsed once: by the constructor, before any other thread runs, or by the first caller if that is
 * earlier (a static program may not have the constructor). Read-only afterwards. Nothing here
 * allocates; system calls are made for the configuration file (see config.h) and for log lines. An
 * invalid value leaves its feature off and is reported in one line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "options/table.h"

/*
 * Reads the environment, and the configuration file for what the environment leaves unset, into
 * *options (initially all off), and sets the log level. Returns the number of known variables that
 * are set in either; 0 means that there is nothing to do. It is 0 for a secure (set-uid) program
 * and for one that HUGETLB_RESTRICT_EXE excludes; marked segments of these programs are left alone,
 * too (SEGMENTS_OFF). program is a path or a base name. *bad is the number of invalid values and
 * lines: with HUGETLB_REQUIRE the caller does not start the program if there are any. Strings in
 * *options are copies, because a program may overwrite its environment (setproctitle).
 */
int options_read(struct options *options, char **environment, const char *program, int *bad);

/*
 * The options of this process, read by the first call from any thread. Stores what options_read()
 * returned in *set, and its *bad, unless the pointers are NULL.
 */
const struct options *options_get(int *set, int *bad);

#endif
