/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that --compare runs, and servers: when they are ready, and the load on them.
 */
#ifndef HUGECTL_COMPARE_READY_H
#define HUGECTL_COMPARE_READY_H

#include "tools/hugectl/compare.h"

struct child {
	pid_t pid;
	int descriptor;     /* of the process */
	int output, errors; /* files */
	struct counters counters;
	double start, peak_kb, peak_hugetlb_kb;
	bool forked;
};

double compare_now(void); /* seconds, of the clock that never goes back */

/* As a variant; NULL: with the environment as it is, and not counted. */
int child_start(struct child *child, const struct variant *variant, char **program);
bool child_wait(struct child *child, double seconds);
void child_finish(struct child *child, struct run *run);

/*
 * Waits until the server is ready, puts the load on it, and ends it. Returns the seconds that the
 * load took; below 0: the server or the load failed, with the reason told.
 */
double ready_and_load(struct child *child, const struct compare_wish *wish);

#endif
