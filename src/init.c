/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The constructor: options, then the features in their order, each of which may decline.
 *
 * A process without HUGETLB_ variables and without marked segments returns from here after one
 * system call, which finds no configuration file. Nothing here may make the program fail, except if
 * HUGETLB_REQUIRE requests that.
 */
#include <errno.h>

#include "base/log.h"
#include "base/program.h"
#include "base/sys.h"
#include "calls/start.h"
#include "calls/state.h"
#include "files/files.h"
#include "heap/adaptive.h"
#include "heap/heap.h"
#include "heap/start.h"
#include "mmap/density.h"
#include "mmap/mappings.h"
#include "mmap/start.h"
#include "options/options.h"
#include "region/pool_share.h"
#include "report.h"
#include "segments/segments.h"

/* The exit status of a program that is not started: the same as of env(1), timeout(1) and
 * others. */
#define EXIT_NOT_STARTED 125

#define NOT_STARTED "HUGETLB_REQUIRE: the program is not started"

/* Under auto, for a program that is not small. */
static void start_segments(const struct options *options)
{
	segments_start(options);
}

static void __attribute__((destructor)) end(void)
{
	int error = errno;

	/* not even a page of its text otherwise */
	if (options_get(NULL, NULL)->report)
		report_end();
	errno = error;
}

/* The function of glibc that at_quick_exit(3) calls; musl has none. quick_exit(3) runs no
 * destructor. */
extern int __cxa_at_quick_exit(void (*function)(void *), void *argument) __attribute__((weak));

static void end_quickly(void *argument)
{
	(void)argument;
	end();
}

static void __attribute__((constructor)) begin(int count, char **arguments, char **environment)
{
	int error = errno, set, bad;
	const struct options *options;
	bool segments;

	(void)count;
	program_set(arguments, environment);
	options = options_get(&set, &bad);
	segments = options->segments == SEGMENTS_CHOSEN ||
		   (options->segments == SEGMENTS_MARKED && segments_are_marked());

	if (!set && !segments)
		return;
	log_start();
	log_info("libhugetlbfs %s", LIBHUGETLBFS_VERSION);
	if (options->report) {
		report_start(options->report);
		if (__cxa_at_quick_exit)
			__cxa_at_quick_exit(end_quickly, NULL);
	}
	if (options->require && bad) {
		log_error("the settings cannot be met (%s)", NOT_STARTED);
		sys_exit_group(EXIT_NOT_STARTED);
	}
	log_refuse(options->require ? NOT_STARTED : NULL);
	if (options->limit_bytes || options->limit_percent || options->heap == HEAP_AUTO ||
	    options->mmap == HEAP_AUTO)
		pool_share_start(options->limit_bytes, options->limit_percent);
	libc_calls.copies_text = segments;
	if (options->heap != HEAP_OFF && heap_start(options) && options->require)
		sys_exit_group(EXIT_NOT_STARTED);
	if (options->mmap == HEAP_AUTO)
		density_start(options, false);
	else if (options->mmap == HEAP_OFF && heap.adaptive)
		density_start(options, true);
	else if (options->mmap != HEAP_OFF && mappings_start(options) && options->require)
		sys_exit_group(EXIT_NOT_STARTED);
	if (options->files != HEAP_OFF && files_start(options) && options->require)
		sys_exit_group(EXIT_NOT_STARTED);
	/* for operations that huge pages refuse: see region/shm_segments.h */
	if (options->shm)
		calls_start(options, false, "shm", NULL);
	/* last: libc's text has all of its patches by now */
	if (segments && options->segments_auto && heap.adaptive)
		adaptive_then(start_segments);
	else if (segments && segments_start(options) && options->require)
		sys_exit_group(EXIT_NOT_STARTED);
	/* the program has started: a feature that is declined from now on, for a library loaded by
	 * dlopen, does not end it */
	log_refuse(NULL);
	errno = error;
}
