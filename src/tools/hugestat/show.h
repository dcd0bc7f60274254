/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look at a process, in the form that the options ask for.
 */
#ifndef HUGESTAT_SHOW_H
#define HUGESTAT_SHOW_H

#include <stdio.h>
#include <sys/types.h>

#include "tools/hugestat/options.h"

struct json;

/* What can't be had is told on stderr. json: an array's or an outermost object is written; or NULL.
 * Returns 0 or -errno. */
int show_process(pid_t pid, const struct hugestat_options *options, FILE *out, struct json *json);

/* Its two halves: of a process that was read, and why one could not be (returns the error). */
struct process;
int show_read_process(const struct process *process, const struct hugestat_options *options,
		      FILE *out, struct json *json);
int show_failure(pid_t pid, int error);

/* Shows a text in place of the one before on a terminal that can do so, else below it. 0 or -errno.
 */
int watch_put(const char *text, size_t bytes, bool as_json);

/* Looks at pid again and again. Returns an exit status. */
int watch_process(pid_t pid, const struct hugestat_options *options);

/* Runs the program and shows its memory on stderr, or in the output file, when it ends. Returns its
 * exit status. */
int run_program(const struct hugestat_options *options);

/* Starts it; it waits until go is closed. Signals to us go to it from here on. -1: told why not. */
pid_t program_start(char **program, int *go);

/* As a shell has it. */
#define STATUS_NOT_RUN   126
#define STATUS_NOT_FOUND 127
#define STATUS_BY_SIGNAL 128
int program_exit_status(int wait_status);

/* Writes /tmp/perf-PID.map. Returns an exit status. */
int write_perf_map(pid_t pid);

#endif
