/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU's counters of a process or thread and of those that it starts, in user mode. Each that
 * the machine or a right is missing for is left out.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <sys/types.h>

enum counter_name {
	COUNTER_CYCLES,
	COUNTER_DTLB, /* misses of loads */
	COUNTER_ITLB,
	COUNTER_WALKS, /* cycles in which a page walk was under way; on CPUs of Intel since Haswell
			*/
	COUNTERS,
};

struct counters {
	int descriptors[COUNTERS]; /* -1: not there */
};

/* Counts at once, or from the next execve on. Close it in any case. */
void counters_open(struct counters *counters, pid_t pid, bool from_exec);
bool counters_read(const struct counters *counters, enum counter_name name, double *value);
void counters_close(struct counters *counters);

#endif
