/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process and all that descend from it.
 */
#ifndef PROCESS_TREE_H
#define PROCESS_TREE_H

#include <sys/types.h>

/* status: the text of /proc/PID/status. */
typedef void process_visit(pid_t pid, const char *status, void *argument);

/* Visits a process and then its children, 32 generations at most. */
void process_tree_walk(pid_t pid, process_visit *visit, void *argument);

/* A member of that text in kB, as in "VmRSS:"; 0: there is none. */
unsigned long process_status_kb(const char *status, const char *name);

#endif
