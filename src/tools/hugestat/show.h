/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shows a process once, in the requested format.
 */
#ifndef HUGESTAT_SHOW_H
#define HUGESTAT_SHOW_H

#include <stdio.h>
#include <sys/types.h>

#include "tools/hugestat/options.h"

struct json;

/* Reports to stderr what is unavailable. json: an array or an outermost object to write; or NULL.
 * Returns 0 or -errno. */
int show_process(pid_t pid, const struct hugestat_options *options, FILE *out, struct json *json);

/* Its two halves: for a process that was read, and the reason why one could not be (returns the
 * error). */
struct process;
int show_read_process(const struct process *process, const struct hugestat_options *options,
		      FILE *out, struct json *json);
int show_failure(pid_t pid, int error);

/* Shows a text, replacing the one before on a terminal that supports it, otherwise below it. 0 or
 * -errno. */
int watch_put(const char *text, size_t bytes, bool as_json);

/* Shows pid repeatedly. Returns an exit status. */
int watch_process(pid_t pid, const struct hugestat_options *options);

/* Runs the program and shows its memory when it ends, on stderr or in the output file. Returns its
 * exit status. */
int run_program(const struct hugestat_options *options);

/* Starts the program, which waits until go is closed. From here on signals to this process are
 * passed to it. -1: failed, and the reason was printed. */
pid_t program_start(char **program, int *go);

/* The same as in a shell. */
#define STATUS_NOT_RUN   126
#define STATUS_NOT_FOUND 127
#define STATUS_BY_SIGNAL 128
int program_exit_status(int wait_status);

/* Writes /tmp/perf-PID.map. Returns an exit status. */
int write_perf_map(pid_t pid);

/* Has a function write to the file of --output, or to standard error. Returns the exit status. */
typedef int show_function(const struct hugestat_options *options, FILE *out);
int show_in_output(const struct hugestat_options *options, show_function *show);

#endif
