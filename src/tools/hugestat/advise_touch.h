/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which memory a process touches during a while: what counts for its TLB, of all that it has.
 *
 * DAMON samples it without stopping the process, where the kernel has it for virtual addresses
 * (CONFIG_DAMON_VADDR and CONFIG_DAMON_SYSFS, Linux 6.2) and nobody else uses it. Otherwise the
 * accessed bits of the page tables are cleared by clear_refs and counted by smaps afterwards: that
 * is exact, but the process cannot map memory while they are cleared, a millisecond for each 100M
 * or so, so a process that was not started for it is asked only where it is small.
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
 * False: there is no means. */
bool touch_begin(struct touch *touch, pid_t pid, unsigned long small_kb, bool is_ours);

/* To be called every now and then until the end. */
void touch_look(struct touch *touch);

/* False: the process has gone, and nothing is known. */
bool touch_end(struct touch *touch, pid_t pid);

/* advise_damon.c. Begin returns false where DAMON can't serve; look adds the ranges that were
 * touched in the last 100 ms; end adds their kB by part. */
bool damon_begin(pid_t pid);
void damon_look(void);
void damon_end(const struct process *process, unsigned long *kb);

#endif
