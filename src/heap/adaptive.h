/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto until the heap is worth huge pages: it is the kernel's, as without this
 * library, and only watched.
 *
 * Most processes stay small and end so. In those only libc's entries of growth are hooked (calls/
 * start.h); nothing else was read, mapped or tuned. The heap begins when the main heap outgrows the
 * kernel's break (policy.h), when malloc maps a large block, or just before the program's first
 * thread, for libc is hooked while one thread runs. All of that happens inside a call of malloc,
 * so nothing here calls it.
 */
#ifndef ADAPTIVE_H
#define ADAPTIVE_H

#include "options/options.h"

/*
 * Watches libc's malloc; `begin` starts the heap, once: 0, or -errno with a line and nothing
 * changed. While one thread runs. 0 or -errno, with a line.
 */
int adaptive_start(const struct options *options, int (*begin)(const struct options *options));

/*
 * Calls `then` when the heap has begun: the program is large, or has threads. Inside a call of
 * malloc or of pthread_create, all signals blocked.
 */
void adaptive_then(void (*then)(const struct options *options));

#endif
