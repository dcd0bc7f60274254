/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving the program's heap to huge pages.
 */
#ifndef HEAP_START_H
#define HEAP_START_H

#include "options/options.h"

/*
 * Moves the program's heap to huge pages as the options ask. Returns 0, or -errno with the program
 * as it was and one line about the reason written.
 */
int heap_start(const struct options *options);

#endif
