/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shows a process once: see show.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/hugestat/frames.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/show.h"

static int show_parts(const struct process *process, const struct hugestat_options *options,
		      FILE *out, struct json *json)
{
	int result = 0;

	if (json)
		process_json(process, options->verbose, json);
	else
		process_print(process, options->verbose, out);
	if (options->numa) {
		struct process_numa numa;

		result = process_numa_read(process, &numa);
		if (result)
			fprintf(stderr, "hugestat: /proc/%d/numa_maps: %s\n", (int)process->pid,
				strerror(-result));
		else if (json)
			process_numa_json(&numa, json);
		else
			process_numa_print(&numa, out);
	}
	if (options->pages) {
		struct frames frames;
		int failed = frames_read(process, &frames);

		if (failed) {
			fprintf(stderr, "hugestat: page frames of %d: %s%s\n", (int)process->pid,
				strerror(-failed), failed == -EPERM ? " (root sees them)" : "");
			return failed;
		}
		if (json)
			frames_json(&frames, process, options->verbose, json);
		else
			frames_print(&frames, process, options->verbose, out);
		frames_free(&frames);
	}
	return result;
}

/* The reason why a process cannot be read. */
static const char *reason(pid_t pid, int error)
{
	if (error == ESRCH && access("/proc/self", F_OK))
		return "/proc is not mounted";
	if (error == ESRCH && (!kill(pid, 0) || errno != ESRCH))
		return "it has no memory of its own: a thread of the kernel, or it is ending";
	if (error == EACCES || error == EPERM)
		return geteuid()
			       ? "it is another user's, or has more rights (root sees it)"
			       : "it is of another namespace, or a policy forbids it, also to you";
	return strerror(error);
}

int show_failure(pid_t pid, int error)
{
	fprintf(stderr, "hugestat: process %d: %s\n", (int)pid, reason(pid, -error));
	return error;
}

int show_read_process(const struct process *process, const struct hugestat_options *options,
		      FILE *out, struct json *json)
{
	int result;

	if (json)
		json_document(json);
	result = show_parts(process, options, out, json);
	if (json)
		json_close(json, '}');
	return result;
}

int show_process(pid_t pid, const struct hugestat_options *options, FILE *out, struct json *json)
{
	struct process process;
	int result = process_read(&process, pid);

	if (result)
		return show_failure(pid, result);
	result = show_read_process(&process, options, out, json);
	process_free(&process);
	return result;
}

int show_in_output(const struct hugestat_options *options, show_function *show)
{
	FILE *out = options->output ? fopen(options->output, "we") : stderr;
	int status;

	if (!out) {
		fprintf(stderr, "hugestat: %s: %s\n", options->output, strerror(errno));
		return EXIT_FAILURE;
	}
	status = show(options, out);
	if (out != stderr)
		fclose(out);
	return status;
}
