/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --advise for a running process, and for a program that is run to be observed: then the
 * observation with the most memory counts, because many programs free it before they end.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/counters.h"
#include "tools/common/json.h"
#include "tools/common/process_tree.h"
#include "tools/hugestat/advise.h"
#include "tools/hugestat/show.h"

#define WATCH_SECONDS  2
#define THREADS_MAX    256
#define PAUSE_MS       5
#define GROWTH         1.2 /* this much more memory is worth another observation at once, */
#define TOUCH_SECONDS  0.5
#define TOUCH_KB_WORTH (16ul << 10)
#define LOOKS_COST     20 /* or any growth, if observing takes at most 1/LOOKS_COST of the time */

static void take_walks(struct sight *sight, const struct counters *counters, int count)
{
	double cycles = 0, walks = 0;

	for (int i = 0; i < count; i++) {
		double value;

		if (counters_read(&counters[i], COUNTER_CYCLES, &value))
			cycles += value;
		if (counters_read(&counters[i], COUNTER_WALKS, &value)) {
			walks += value;
			sight->walks_known = true;
		}
	}
	sight->walks_known &= cycles > 0;
	sight->walks = sight->walks_known ? walks / cycles : 0;
}

static unsigned long small_kb(const struct sight *sight)
{
	unsigned long kb = 0;

	for (int part = 0; part < PART_COUNT; part++)
		kb += sight->parts[part].memory_kb - sight->parts[part].huge_kb;
	return kb;
}

/* Until that time, or until touches are no longer visible. */
static void watch_touches(struct sight *sight, struct touch *touch)
{
	const struct timespec pause = {.tv_nsec = 200000000};

	for (int i = 0; i < WATCH_SECONDS * 5; i++) {
		nanosleep(&pause, NULL);
		touch_look(touch);
	}
	if (touch_end(touch, sight->pid))
		sight->touch = *touch;
}

/* Counts for a while, in all threads; returns at once if nothing can be counted or monitored. */
static void watch_walks(struct sight *sight)
{
	struct touch touch;
	static struct counters counters[THREADS_MAX];
	struct dirent *entry;
	char path[64];
	bool any = false;
	int count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)sight->pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)) && count < THREADS_MAX) {
		if (entry->d_name[0] == '.')
			continue;
		counters_open(&counters[count], (pid_t)atoi(entry->d_name), false);
		any |= counters[count++].descriptors[COUNTER_WALKS] >= 0;
	}
	if (directory)
		closedir(directory);
	if (touch_begin(&touch, sight->pid, small_kb(sight), false))
		watch_touches(sight, &touch);
	else if (any)
		sleep(WATCH_SECONDS);
	take_walks(sight, counters, count);
	for (int i = 0; i < count; i++)
		counters_close(&counters[i]);
}

int advise_process(pid_t pid, struct json *json)
{
	struct advice advice;
	struct sight sight;
	int result = -EAGAIN;

	for (int tries = 0; result == -EAGAIN && tries < 5; tries++)
		result = sight_take(&sight, pid);
	if (result) {
		show_failure(pid, result);
		return EXIT_FAILURE;
	}
	watch_walks(&sight);
	sight.fault_seconds = fault_seconds(&sight);
	sight.fresh_seconds = fresh_seconds(&sight);
	advise(&sight, &advice);
	if (json)
		advice_json(&sight, &advice, json);
	else
		advice_print(&sight, &advice, NULL, stdout);
	return EXIT_SUCCESS;
}

struct largest {
	pid_t pid;
	unsigned long kb;
};

/* Of a process and its children: gcc or sh is small, and what it starts is not. */
static void find_largest(pid_t pid, const char *status, void *found)
{
	const unsigned long kb = process_status_kb(status, "\nVmRSS:");
	struct largest *largest = found;

	if (kb > largest->kb)
		*largest = (struct largest){pid, kb};
}

static double seconds_of_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Does the process run the program yet? Before that, it is a copy of this one. */
static bool has_begun(pid_t pid)
{
	char own[4096], path[64], other[4096];
	ssize_t bytes[2];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	bytes[0] = readlink("/proc/self/exe", own, sizeof(own));
	bytes[1] = readlink(path, other, sizeof(other));
	return bytes[0] != bytes[1] || bytes[0] <= 0 || memcmp(own, other, (size_t)bytes[0]);
}

/* What the program touched in successive intervals. */
struct touches {
	pid_t pid; /* of this process */
	struct touch now, sum;
	unsigned long times;
	bool watching;
	double until;
};

static void watch_program_touch(struct touches *touches, pid_t pid, unsigned long kb)
{
	const double now = seconds_of_clock(CLOCK_MONOTONIC);

	if (touches->pid != pid) {
		if (touches->watching)
			touch_end(&touches->now, touches->pid);
		*touches = (struct touches){.pid = pid};
	}
	if (!touches->watching) {
		touches->watching = kb >= TOUCH_KB_WORTH && has_begun(pid) &&
				    touch_begin(&touches->now, pid, kb, true);
		touches->until = now + TOUCH_SECONDS;
		return;
	}
	if (now < touches->until)
		return;
	touch_look(&touches->now);
	touches->watching = false;
	if (!touch_end(&touches->now, pid))
		return;
	touches->times++;
	touches->sum.means = touches->now.means;
	touches->sum.seconds += touches->now.seconds;
	for (int part = 0; part < PART_COUNT; part++)
		touches->sum.kb[part] += touches->now.kb[part];
}

/* While it grows, a program touches everything new, and later perhaps little: so this is the mean
 * of both. */
static struct touch mean_touch(const struct touches *touches)
{
	struct touch mean = touches->sum;

	if (touches->times)
		mean.seconds /= (double)touches->times;
	for (int part = 0; touches->times && part < PART_COUNT; part++)
		mean.kb[part] /= touches->times;
	return mean;
}

/* Observes again whenever there is much more memory than before. Returns the wait status. */
static int watch_program(pid_t pid, struct sight *best, bool *seen, struct rusage *usage)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000l};
	struct touches touches = {.times = 0};
	unsigned long most_kb = 0;
	double ended_at = 0, cost = 0;
	int status = 0;
	pid_t ended;

	while (!(ended = wait4(pid, &status, WNOHANG, usage)) || (ended < 0 && errno == EINTR)) {
		struct largest largest = {pid, 0};
		const double start = seconds_of_clock(CLOCK_MONOTONIC);
		const double used = seconds_of_clock(CLOCK_THREAD_CPUTIME_ID);
		struct sight sight;
		unsigned long kb;

		process_tree_walk(pid, find_largest, &largest);
		kb = largest.kb;
		if (((double)kb > (double)most_kb * GROWTH ||
		     (kb > most_kb && start - ended_at > cost * LOOKS_COST)) &&
		    has_begun(largest.pid) && !sight_take(&sight, largest.pid)) {
			most_kb = kb;
			*best = sight;
			*seen = true;
			ended_at = seconds_of_clock(CLOCK_MONOTONIC);
			cost = seconds_of_clock(CLOCK_THREAD_CPUTIME_ID) - used;
		}
		/* only of the process that the advice is about */
		if (*seen && best->pid == largest.pid)
			watch_program_touch(&touches, largest.pid, kb);
		nanosleep(&pause, NULL);
	}
	if (touches.watching)
		touch_end(&touches.now, touches.pid);
	best->touch = mean_touch(&touches);
	return status;
}

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void show_advice(struct sight *sight, const struct hugestat_options *options, FILE *out)
{
	struct json json = {.stream = out};
	struct advice advice;

	advise(sight, &advice);
	if (options->json)
		advice_json(sight, &advice, &json);
	else
		advice_print(sight, &advice, options->program, out);
}

static int run_and_advise(const struct hugestat_options *options, FILE *out)
{
	struct counters counters;
	struct rusage usage = {0};
	struct sight sight;
	double fresh;
	bool seen = false;
	int go, status;
	pid_t pid;

	sight_begin(&sight);
	fresh = fresh_seconds(&sight);
	pid = program_start(options->program, &go);
	if (pid < 0)
		return EXIT_FAILURE;
	counters_open(&counters, pid, true);
	close(go);
	status = watch_program(pid, &sight, &seen, &usage);
	/* a program that ends before it is observed is too short for huge pages to matter */
	if (!seen) {
		snprintf(sight.name, sizeof(sight.name), "%s", options->program[0]);
		sight.pid = pid;
	} else {
		sight.fault_seconds = fault_seconds(&sight);
		sight.fresh_seconds = fresh;
	}
	sight.of_child = sight.pid != pid;
	take_walks(&sight, &counters, 1);
	sight.faults = (unsigned long long)usage.ru_minflt;
	sight.cpu_seconds = seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
	if (program_exit_status(status) < STATUS_NOT_RUN)
		show_advice(&sight, options, out);
	counters_close(&counters);
	return program_exit_status(status);
}

int advise_program(const struct hugestat_options *options)
{
	return show_in_output(options, run_and_advise);
}
