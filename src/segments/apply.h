/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carrying out a task: its ranges are moved to the huge pages of its ladder.
 */
#ifndef APPLY_H
#define APPLY_H

#include "segments/task.h"

/* Puts as much of the plan in place as it can; the result is in the task (got_bytes, error). */
void apply_task(struct run *run, struct task *task);

#endif
