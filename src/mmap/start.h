/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving the program's private anonymous mappings to huge pages (HUGETLB_MMAP).
 */
#ifndef MMAP_START_H
#define MMAP_START_H

#include "options/options.h"

/*
 * Begins, as the options ask. Returns 0, or -errno with the program as it was and one line about
 * the reason written.
 */
int mappings_start(const struct options *options);

#endif
