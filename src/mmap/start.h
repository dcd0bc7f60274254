/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves the program's private anonymous mappings to huge pages (HUGETLB_MMAP).
 */
#ifndef MMAP_START_H
#define MMAP_START_H

#include "options/options.h"

/*
 * Begins, as the options request. Returns 0, or -errno with the program unchanged, after logging
 * one line with the reason.
 */
int mappings_start(const struct options *options);

#endif
