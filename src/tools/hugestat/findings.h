/*
 * What is wrong with the system, with the cause and the command that mends it.
 */
#ifndef HUGESTAT_FINDINGS_H
#define HUGESTAT_FINDINGS_H

#include <stdbool.h>

#include "tools/hugestat/system.h"

#define FINDINGS_MAX 32

struct finding {
	const char *name; /* "no-pool": stable, for scripts */
	bool problem;     /* --check fails; otherwise it is worth knowing only */
	char cause[512];
	char command[1024]; /* for a shell; empty: no command helps */
	bool needs_root;
};

struct findings {
	struct finding list[FINDINGS_MAX];
	int count, problems;
};

/* Judges the facts; looks at nothing else. */
void findings_collect(const struct system *system, struct findings *findings);

void findings_print(const struct findings *findings, bool problems_only);

struct json;
void findings_json(const struct findings *findings, struct json *json);

#endif
