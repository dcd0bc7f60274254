/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages a feature gets: what the options request, if the machine has it.
 */
#ifndef SELECT_H
#define SELECT_H

#include "options/options.h"
#include "pages/sizes.h"
#include "pages/source.h"

struct wanted_pages {
	enum feature_pages pages;
	size_t page_bytes;     /* with HEAP_SIZE */
	bool quiet;            /* do not warn if the pool is empty */
	bool lazy;             /* it calls select_short() once pages are short, and nothing about
				* that is read before */
	const char *feature;   /* "heap": the first word of log lines */
	const char *variable;  /* the "HUGETLB_..." variable that requests it */
	const char *otherwise; /* the consequence of declining, for the log */
};

/*
 * Applies the options for hugetlb pages of that size: where they are taken from, and whether they
 * are reserved. Leaves the other members of *source unchanged.
 */
void select_hugetlb(const struct options *options, size_t page_bytes, struct source *source);

/*
 * Reports that no directory of HUGETLB_PATH is a mount for a feature's pages. It is a warning, one
 * per process, where none of them serves any feature that is on: the variable has no effect then.
 * Pages without a mount are as good.
 */
void select_log_mount(const struct options *options, size_t default_bytes, const char *feature,
		      size_t page_bytes);

/*
 * The size of a feature's hugetlb pages if no size is named: HUGETLB_DEFAULT_PAGE_SIZE, or the
 * system's if the machine has no such pages; that is logged once per process. 0: it has none at
 * all. Returns -EINVAL if HUGETLB_REQUIRE forbids another size.
 */
int select_default_bytes(const struct options *options, const struct page_sizes *sizes,
			 size_t *page_bytes);

/*
 * The size of transparent huge pages; 0: the kernel has none, or they are off. If the process may
 * not read the setting, it uses them all the same, which does no harm if they are off.
 */
size_t select_thp_bytes(const struct page_sizes *sizes);

/* Logs why select_thp_bytes() is 0: they are off, or their setting cannot be read. The line begins
 * with the feature and `why`, which may be "". */
void select_log_thp_off(const char *feature, const char *why, const char *otherwise);

/* Fills in *source. Returns 0, or -errno after logging the reason. */
int select_pages(const struct options *options, const struct wanted_pages *wanted,
		 struct source *source);

/*
 * A lazy feature has fewer pages than it asked for: reads whether transparent huge pages are on,
 * and warns, once, if the pool is empty. Makes system calls only; none in a sandbox.
 */
void select_short(const char *feature, struct source *source);

#endif
