/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that --compare runs, and servers: waiting until they are ready, and the load on them.
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

double compare_now(void); /* seconds, by the monotonic clock */

/* Started as a variant; NULL: with the unchanged environment, and not counted. */
int child_start(struct child *child, const struct variant *variant, char **program);
bool child_wait(struct child *child, double seconds);
void child_finish(struct child *child, struct compare_run *run);

/*
 * Waits until the server is ready, runs the load, and ends the server. Returns the seconds that the
 * load took; below 0: the server or the load failed, and the reason was printed.
 */
double ready_and_load(struct child *child, const struct compare_wish *wish);

#endif
