/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU's counters for a process or thread and its children, in user mode. Counters that the
 * machine lacks, or that the caller may not read, are left out.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <sys/types.h>

enum counter_name {
	COUNTER_CYCLES,
	COUNTER_DTLB, /* misses of loads */
	COUNTER_ITLB,
	COUNTER_WALKS, /* cycles during which a page walk was in progress; on Intel CPUs since
			* Haswell */
	COUNTERS,
};

struct counters {
	int descriptors[COUNTERS]; /* -1: not available */
};

/* Counts at once, or from the next execve on. Must be closed in any case. */
void counters_open(struct counters *counters, pid_t pid, bool from_exec);
bool counters_read(const struct counters *counters, enum counter_name name, double *value);
void counters_close(struct counters *counters);

#endif
