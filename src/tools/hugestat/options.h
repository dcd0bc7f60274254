/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugestat's options, read by its table (tools/common/option_table.h).
 */
#ifndef HUGESTAT_OPTIONS_H
#define HUGESTAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum collapse_part { COLLAPSE_ALL, COLLAPSE_HEAP, COLLAPSE_TEXT };

#define COLLAPSE_RATE_DEFAULT ((size_t)256 << 20)

struct collapse_wish {
	enum collapse_part part;
	size_t bytes_per_second;
};

struct hugestat_options {
	bool check, users, json, verbose, numa, pages, watch, perf_map, collapse, metrics, advise,
		why, top;
	unsigned int topics;     /* of --check: enum topic */
	bool has_part, has_rate; /* of --collapse */
	struct collapse_wish collapse_wish;
	double interval_seconds; /* of --watch; 0: not given */
	unsigned long count;     /* of --watch; 0: until the process ends */
	char **operands;         /* PIDs and names */
	int operand_count;
	const char *output; /* a file, for a program or --metrics; NULL: stderr, stdout */
	char **program;     /* after "--", terminated by NULL; NULL: none */
};

/* Returns 0, OPTION_TABLE_BAD after printing the reason to stderr, or OPTION_TABLE_DONE. May
 * reorder argv. */
int hugestat_options_parse(int argc, char **argv, struct hugestat_options *options);

#endif
