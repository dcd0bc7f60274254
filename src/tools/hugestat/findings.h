/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with the system, with the cause and the command that fixes it.
 */
#ifndef HUGESTAT_FINDINGS_H
#define HUGESTAT_FINDINGS_H

#include <stdbool.h>

#include "tools/hugestat/system.h"

#define FINDINGS_MAX 32

struct finding {
	const char *name; /* "no-pool": stable, for scripts */
	bool problem;     /* --check fails; otherwise it is only a note */
	char cause[512];
	char command[1024]; /* for a shell; empty: there is no command */
	bool needs_root;
};

struct findings {
	struct finding list[FINDINGS_MAX];
	int count, problems;
};

/* What the user may need: --check=heap,shm,... */
enum topic {
	TOPIC_HEAP = 1,
	TOPIC_SHM = 2,
	TOPIC_MOUNT = 4,
	TOPIC_TEXT = 8,
	TOPIC_THP = 16,
	TOPICS_ALL = 31,
	TOPICS_USUAL = TOPIC_HEAP | TOPIC_TEXT | TOPIC_THP, /* where nothing was asked for */
};

/* Adds a finding. problem: it is a problem, not a note. */
struct finding *findings_add(struct findings *findings, const char *name, bool problem,
			     const char *format, ...) __attribute__((format(printf, 4, 5)));

#define COMMAND(finding, ...) snprintf((finding)->command, sizeof((finding)->command), __VA_ARGS__)

/* Notes on what makes huge pages less effective; part of findings_collect(). */
void findings_collect_costs(const struct system *system, struct findings *findings);

/* Problems of other topics become notes. */
void findings_restrict(struct findings *findings, unsigned int topics);

/* Evaluates the facts; reads nothing else. */
void findings_collect(const struct system *system, struct findings *findings);

void findings_print(const struct findings *findings, bool problems_only);

struct json;
void findings_json(const struct findings *findings, struct json *json);

#endif
