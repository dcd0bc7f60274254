/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooking libc's entry points: sbrk, brk, mmap ... of the whole process come to the files of this
 * folder, where memory in a region behaves as base pages do, and survives a fork.
 *
 * A feature lays out its regions, calls calls_start(), and adds the regions to the registry.
 * Nothing in this folder knows a feature.
 */
#ifndef CALLS_START_H
#define CALLS_START_H

#include <stdbool.h>

#include "calls/state.h"
#include "options/options.h"

/*
 * Redirects libc's calls to us, once for all features; with_break: sbrk and brk, too. 0 or -errno,
 * with one line that names the feature and says what `otherwise` happens (NULL: nothing that
 * anybody would miss, and no line), and nothing changed. While one thread runs: -EBUSY else.
 */
int calls_start(const struct options *options, bool with_break, const char *feature,
		const char *otherwise);

/*
 * Hooks only the entries by which memory grows (mmap, sbrk, brk) and a filter of system calls is
 * installed (prctl, syscall), for a feature that waits for the first growth of note and calls
 * calls_start() then, with_break. Errors as there. While one thread runs.
 */
int calls_watch(const struct options *options, const char *feature, const char *otherwise);

/*
 * May a feature hand out hugetlb pages? Not with HUGETLB_EXACT=strict where a part of one cannot
 * always be changed exactly; one line says so. Asked before calls_start().
 */
bool calls_allow_hugetlb(const struct options *options, const char *feature);

/* A feature that called calls_start() declines after all. When none is left, libc is as it was. */
void calls_stop(void);

#endif
