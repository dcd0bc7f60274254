/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves the program's heap to huge pages.
 */
#ifndef HEAP_START_H
#define HEAP_START_H

#include "options/options.h"

/*
 * Moves the program's heap to huge pages as the options request. Returns 0, or -errno with the
 * program unchanged, after logging one line with the reason.
 */
int heap_start(const struct options *options);

#endif
