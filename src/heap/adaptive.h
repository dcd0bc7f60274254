/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto until the heap is worth huge pages: it is the kernel's, as without this
 * library, and only watched.
 *
 * Most processes stay small until they end. In those only the functions by which memory grows are
 * hooked (calls/start.h); nothing else has been read, mapped or tuned. The heap begins when the
 * main heap outgrows the kernel's break (policy.h), when malloc maps a large block, or just before
 * the program's first thread, because libc must be hooked while one thread runs. All of that
 * happens inside a call of malloc, so nothing here calls malloc.
 */
#ifndef ADAPTIVE_H
#define ADAPTIVE_H

#include "options/options.h"

/*
 * Watches libc's malloc; `begin` starts the heap, once: it returns 0, or -errno after logging a
 * line, with nothing changed. Call it while one thread runs. Returns 0 or -errno, after logging a
 * line.
 */
int adaptive_start(const struct options *options, int (*begin)(const struct options *options));

/*
 * Has this program switched off randomization for itself, and no place of its own (not PIE)? That is
 * how a program does it whose file contains its saved heap, as GCL's Lisp: its break has to begin
 * where it ends, on small pages, whatever the user named.
 */
bool adaptive_is_required(void);

/*
 * Calls `then` when the heap has begun: the program is large, or has threads. Called inside malloc
 * or pthread_create, with all signals blocked.
 */
void adaptive_then(void (*then)(const struct options *options));

#endif
