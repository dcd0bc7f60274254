/*
 * hugestat's options: one table from which parsing and --help come, and which the manual page is
 * compared with.
 */
#ifndef HUGESTAT_OPTIONS_H
#define HUGESTAT_OPTIONS_H

#include <stdbool.h>

struct hugestat_options {
	bool check, json, verbose, numa, pages, watch, perf_map, help;
	double interval_seconds;
	unsigned long count; /* of --watch; 0: until the process ends */
	char **operands;     /* PIDs and names */
	int operand_count;
	char **program; /* behind "--", ended by NULL; NULL: none */
};

/* Returns 0, or -EINVAL with the reason told on stderr. May reorder argv. */
int hugestat_options_parse(int argc, char **argv, struct hugestat_options *options);

void hugestat_options_help(void);

#endif
