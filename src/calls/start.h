/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks libc's entry points: sbrk, brk, mmap ... of the whole process call the functions of this
 * folder, which make memory in a region behave like base pages, and survive a fork.
 *
 * A feature lays out its regions, calls calls_start(), and adds the regions to the registry.
 * Nothing in this folder knows a feature.
 */
#ifndef CALLS_START_H
#define CALLS_START_H

#include <stdbool.h>

#include "calls/state.h"
#include "options/options.h"
#include "pages/select.h"

/*
 * Patches libc's functions, once for all features; with_break: including sbrk and brk. Returns 0,
 * or -errno with nothing changed, after logging one line that names the feature and says what
 * happens `otherwise` (NULL: no line, because nothing is lost). Call it while one thread runs:
 * -EBUSY otherwise.
 */
int calls_start(const struct options *options, bool with_break, const char *feature,
		const char *otherwise);

/*
 * Hooks only the functions by which memory grows (mmap, sbrk, brk) and by which a system call
 * filter is installed (prctl, syscall), for a feature that waits for the first large growth and
 * then calls calls_start() with the break. Errors as for calls_start(). Call it while one thread
 * runs.
 */
int calls_watch(const struct options *options, const char *feature, const char *otherwise);

/*
 * select_pages(), before calls_start(). With HUGETLB_EXACT=strict the result is transparent huge
 * pages where calls on part of a hugetlb page can fail; with HUGETLB_REQUIRE a pool
 * without a free page is an error. One line says so.
 */
int calls_select_pages(const struct options *options, const struct wanted_pages *wanted,
		       struct source *source);

/* A feature that called calls_start() declines after all. When none is left, libc is restored. */
void calls_stop(void);

#endif
