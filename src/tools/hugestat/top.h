/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --top: a live view over all processes.
 */
#ifndef HUGESTAT_TOP_H
#define HUGESTAT_TOP_H

#include "tools/hugestat/options.h"

/* Returns an exit status. */
int top(const struct hugestat_options *options);

#endif
