/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run of --compare. Its output goes to a file of its own, its input is read from the start.
 *
 * Its memory is sampled repeatedly while it runs: rarely enough to take at most a fiftieth of a
 * CPU's time, in all variants alike.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/process_tree.h"
#include "tools/hugectl/compare.h"
#include "tools/hugectl/compare_ready.h"

#define LOOKS_MS_MIN 1
#define LOOKS_MS_MAX 50
#define LOOKS_PART   32 /* the interval, as a fraction of the time so far */
#define LOOKS_COST   50 /* the cost, as a fraction of one CPU's time */

struct memory {
	unsigned long resident_kb, hugetlb_kb;
	int processes;
};

double compare_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_memory(pid_t pid, const char *status, void *sum)
{
	struct memory *memory = sum;

	(void)pid;
	memory->processes++;
	memory->resident_kb += process_status_kb(status, "\nVmRSS:");
	memory->hugetlb_kb += process_status_kb(status, "\nHugetlbPages:");
}

static double cpu_seconds(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Samples the memory; returns the milliseconds to the next sample: a fraction of the time for which
 * the program has been running, so that a short one is sampled often enough. */
static int look(struct child *child)
{
	const double start = cpu_seconds();
	struct memory memory = {0};
	double pause, cost, total;

	process_tree_walk(child->pid, add_memory, &memory);
	total = (double)(memory.resident_kb + memory.hugetlb_kb);
	if (total > child->peak_kb)
		child->peak_kb = total;
	if ((double)memory.hugetlb_kb > child->peak_hugetlb_kb)
		child->peak_hugetlb_kb = (double)memory.hugetlb_kb;
	child->forked |= memory.processes > 1;
	pause = (compare_now() - child->start) * 1000 / LOOKS_PART;
	if (pause > LOOKS_MS_MAX)
		pause = LOOKS_MS_MAX;
	cost = (cpu_seconds() - start) * 1000 * LOOKS_COST;
	if (pause < cost)
		pause = cost;
	return pause < LOOKS_MS_MIN ? LOOKS_MS_MIN : (int)pause;
}

/* Samples until the process ends (true), or until that many seconds have passed. */
bool child_wait(struct child *child, double seconds)
{
	const double until = compare_now() + seconds;

	for (;;) {
		struct pollfd process = {.fd = child->descriptor, .events = POLLIN};
		int pause = look(child);
		const double left = until - compare_now();

		if (left <= 0)
			return false;
		if (pause > left * 1000)
			pause = (int)(left * 1000) + 1;
		if (poll(&process, 1, pause) > 0)
			return true;
	}
}

/* A file without a name: a program may print a lot. */
static int new_file(void)
{
	const char *directory = getenv("TMPDIR");
	int fd = open(directory && *directory ? directory : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC,
		      0600);

	return fd >= 0 ? fd : memfd_create("hugectl", MFD_CLOEXEC);
}

/* The rest of standard input, if that is a pipe: it can be read only once. -errno: failed. */
static int copy_of_pipe(void)
{
	const int fd = new_file();
	char buffer[65536];
	ssize_t bytes;

	while (fd >= 0 && (bytes = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)bytes) != bytes)
			return -EIO;
	return fd;
}

/* The input of each run: a file from its current position, the content of a pipe, or nothing. */
static int open_input(void)
{
	static int source = -1; /* -1: not known yet */
	static off_t start;
	struct stat status;
	char path[64];
	int fd;

	if (source < 0 && !fstat(STDIN_FILENO, &status)) {
		if (S_ISREG(status.st_mode)) {
			source = STDIN_FILENO;
			start = lseek(STDIN_FILENO, 0, SEEK_CUR);
		} else if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) {
			source = copy_of_pipe();
		}
	}
	if (source < 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", source);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		lseek(fd, start, SEEK_SET);
	return fd;
}

static void __attribute__((noreturn))
become(const struct variant *variant, char **program, const int files[3], int go, int failed)
{
	char byte;
	int error;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (int i = 0; i < 3; i++)
		dup2(files[i], i);
	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
	error = variant ? -environment_apply(&variant->environment) : 0;
	if (!error && variant && variant->request && thp_arrange(variant->request))
		error = ENOTSUP;
	if (!error) {
		execvp(program[0], program);
		error = errno;
	}
	if (write(failed, &error, sizeof(error)) < 0)
		_exit(STATUS_NOT_STARTED);
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
}

/* Returns 0, or the error that kept the program from running. The time starts here. */
int child_start(struct child *child, const struct variant *variant, char **program)
{
	int go[2], failed[2], error = 0, files[3];

	*child = (struct child){.descriptor = -1};
	for (int i = 0; i < COUNTERS; i++)
		child->counters.descriptors[i] = -1;
	files[0] = open_input();
	files[1] = child->output = new_file();
	files[2] = child->errors = new_file();
	if (files[0] < 0 || files[1] < 0 || files[2] < 0 || pipe2(go, O_CLOEXEC) ||
	    pipe2(failed, O_CLOEXEC))
		return errno;
	fflush(NULL);
	child->pid = fork();
	if (child->pid < 0)
		return errno;
	if (!child->pid) {
		close(go[1]);
		become(variant, program, files, go[0], failed[1]);
	}
	close(files[0]);
	close(go[0]);
	close(failed[1]);
	child->descriptor = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (variant)
		counters_open(&child->counters, child->pid, true);
	child->start = compare_now();
	close(go[1]);
	/* closed by a successful execve, written to by a failed one */
	if (read(failed[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(failed[0]);
	if (error)
		waitpid(child->pid, NULL, 0);
	return error;
}

static uint64_t hash_of(int fd)
{
	uint64_t hash = 14695981039346656037ull; /* FNV-1a */
	unsigned char buffer[65536];
	ssize_t bytes;

	for (off_t at = 0; (bytes = pread(fd, buffer, sizeof(buffer), at)) > 0; at += bytes)
		for (ssize_t i = 0; i < bytes; i++)
			hash = (hash ^ buffer[i]) * 1099511628211ull;
	return hash;
}

/* All lines of a file that begin with a word; to be freed. NULL: none. */
static char *lines_that_begin(int fd, const char *word)
{
	char *lines = NULL, *line = NULL;
	size_t room = 0, bytes = 0;
	FILE *out = open_memstream(&lines, &bytes), *file = fdopen(dup(fd), "r");

	if (file)
		rewind(file);
	while (file && out && getline(&line, &room, file) > 0)
		if (!strncmp(line, word, strlen(word)))
			fputs(line, out);
	free(line);
	if (file)
		fclose(file);
	if (out)
		fclose(out);
	if (bytes)
		return lines;
	free(lines);
	return NULL;
}

/* Shows the end of what a program wrote to standard error, after a failure. */
static void show_end(int fd)
{
	char text[2048];
	const off_t bytes = lseek(fd, 0, SEEK_END);
	const off_t from = bytes > (off_t)sizeof(text) ? bytes - (off_t)sizeof(text) : 0;
	const ssize_t got = pread(fd, text, sizeof(text), from);

	if (got > 0)
		fwrite(text, 1, (size_t)got, stderr);
}

void child_finish(struct child *child, struct compare_run *run)
{
	struct rusage usage;
	int status = 0;

	while (wait4(child->pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	run->values[MEASURE_WALL] = compare_now() - child->start;
	run->values[MEASURE_KERNEL] =
		(double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
	run->values[MEASURE_CPU] = run->values[MEASURE_KERNEL] + (double)usage.ru_utime.tv_sec +
				   (double)usage.ru_utime.tv_usec / 1e6;
	run->values[MEASURE_FAULTS] = (double)(usage.ru_minflt + usage.ru_majflt);
	run->values[MEASURE_MEMORY] =
		child->peak_kb > (double)usage.ru_maxrss ? child->peak_kb : (double)usage.ru_maxrss;
	run->values[MEASURE_HUGETLB] = child->peak_hugetlb_kb;
	run->known = (1u << MEASURE_FIRST_COUNTER) - 1;
	for (int i = 0; i < COUNTERS; i++)
		if (counters_read(&child->counters, (enum counter_name)i,
				  &run->values[MEASURE_FIRST_COUNTER + i]))
			run->known |= 1u << (MEASURE_FIRST_COUNTER + i);
	counters_close(&child->counters);
	run->forked = child->forked;
	run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	run->output_hash = hash_of(child->output);
	if (child->descriptor >= 0)
		close(child->descriptor);
}

static void close_output(struct child *child)
{
	close(child->output);
	close(child->errors);
}

int compare_run(const struct comparison *comparison, struct variant *variant,
		struct compare_run *run)
{
	struct child child;
	int error = child_start(&child, variant, comparison->program);

	*run = (struct compare_run){0};
	if (error) {
		fprintf(stderr, "hugectl: %s: %s\n", comparison->program[0], strerror(error));
		return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
	}
	if (comparison->wish->ready) {
		const double seconds = ready_and_load(&child, comparison->wish);

		child_finish(&child, run);
		if (seconds < 0) {
			show_end(child.errors);
			close_output(&child);
			return STATUS_NOT_STARTED;
		}
		run->values[MEASURE_WALL] = seconds;
		run->status = 0;
	} else {
		while (!child_wait(&child, 3600))
			;
		child_finish(&child, run);
	}
	if (run->status && run == variant->runs)
		show_end(child.errors);
	free(variant->library_lines);
	variant->library_lines = lines_that_begin(child.errors, "libhugetlbfs");
	close_output(&child);
	return 0;
}
