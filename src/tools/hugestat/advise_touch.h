/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which memory a process touches during an interval: of all its memory, only that matters for its
 * TLB.
 *
 * DAMON samples it without stopping the process, if the kernel has it for virtual addresses
 * (CONFIG_DAMON_VADDR and CONFIG_DAMON_SYSFS, Linux 6.2) and it is not already in use. Otherwise
 * the accessed bits of the page tables are cleared by clear_refs and counted by smaps afterwards.
 * That is exact, but the process cannot map memory while they are cleared, about a millisecond per
 * 100M; so a process that was not started for this is examined that way only if it is small.
 */
#ifndef HUGESTAT_ADVISE_TOUCH_H
#define HUGESTAT_ADVISE_TOUCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "tools/hugestat/process.h"

enum touch_means { TOUCH_UNKNOWN, TOUCH_DAMON, TOUCH_REFERENCED };

struct touch {
	enum touch_means means;
	double seconds;
	unsigned long kb[PART_COUNT];
};

/* Begins for a process with that much memory on small pages. is_ours: it was started for this.
 * False: no means is available. */
bool touch_begin(struct touch *touch, pid_t pid, unsigned long small_kb, bool is_ours);

/* Must be called from time to time until the end. */
void touch_look(struct touch *touch);

/* False: the process has ended, and nothing is known. */
bool touch_end(struct touch *touch, pid_t pid);

/* advise_damon.c. Begin returns false if DAMON is not available; look adds the ranges that were
 * touched in the last 100 ms; end adds their kB by part. */
bool damon_begin(pid_t pid);
void damon_look(void);
void damon_end(const struct process *process, unsigned long *kb);

#endif
