/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page frames of a process, from pagemap, kpagecount and kpageflags: for root only.
 */
#ifndef HUGESTAT_FRAMES_H
#define HUGESTAT_FRAMES_H

#include <stdint.h>
#include <stdio.h>

#include "tools/hugestat/process.h"

#define FRAMES_SHARERS_MAX 3
#define FRAMES_ORDERS      16 /* of folios: 2^order small pages that the kernel manages together */

struct frames_row {
	uint64_t flags; /* as in kpageflags */
	unsigned long pages;
};

struct frames {
	struct frames_row *rows; /* most pages first */
	size_t count;
	unsigned long present, swapped;    /* small pages of the process */
	unsigned long heads, tails;        /* of compound pages */
	unsigned long hugetlb, thp, small; /* small pages that belong to such a page, or to none */
	/* Small pages by how often they are mapped, in all processes: 0, 1, more. */
	unsigned long by_mappings[FRAMES_SHARERS_MAX];
	/* Small pages in transparent huge pages of each order, by mapping of the process. */
	unsigned long (*orders)[FRAMES_ORDERS];
};

/* Returns 0 or -errno: -EPERM if frame numbers are hidden from the caller. The caller must free
 * it. */
int frames_read(const struct process *process, struct frames *frames);
void frames_free(struct frames *frames);

/* The names of the flags, separated by commas; flags without a name as "bit<n>". */
void frames_flag_names(uint64_t flags, char *text, size_t bytes);

/* verbose: also prints the sizes of transparent huge pages for each mapping. */
void frames_print(const struct frames *frames, const struct process *process, bool verbose,
		  FILE *out);

struct json;
void frames_json(const struct frames *frames, const struct process *process, bool verbose,
		 struct json *json);

#endif
