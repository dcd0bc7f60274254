/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --report: processes with the library write reports. This watcher finds the largest process
 * without it (for example, a static one), and adds a line about it; and a line for each one that
 * was killed by a signal (watched.c), because such a process writes no report.
 *
 * The program replaces hugectl, so the watcher is a separate process that the program does not
 * know: a grandchild whose parent has exited. It ends when the program does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/process_tree.h"
#include "tools/hugectl/hugectl.h"
#include "tools/hugectl/watched.h"
#include "usage/report_file.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3, on every CPU */
#endif

#define KB_WORTH        (16ul << 10)
#define PAUSE_MS        50
#define FIRST_SPARE     16
#define DESCRIPTORS_MAX 1024 /* where they have to be closed one by one */

struct largest {
	pid_t pid;
	unsigned long kb;
	char name[64];
	const char *reason;
};

bool watcher_finds_library(pid_t pid, bool otherwise)
{
	char path[64], *line = NULL;
	size_t room = 0;
	bool found = false, any = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return otherwise;
	while (!found && getline(&line, &room, file) > 0) {
		any = true;
		found = strstr(line, "/libhugetlbfs.so") != NULL;
	}
	free(line);
	fclose(file);
	/* it ends: its memory is gone already */
	return any ? found : otherwise;
}

static bool has_preload(pid_t pid)
{
	static char text[256 << 10];
	char path[64];
	long bytes;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	bytes = sys_read_file(path, text, sizeof(text));
	for (long at = 0; at < bytes; at += (long)strlen(text + at) + 1)
		if (!strncmp(text + at, "LD_PRELOAD=", strlen("LD_PRELOAD=")) &&
		    strstr(text + at, "libhugetlbfs"))
			return true;
	return false;
}

static const char *reason_of(pid_t pid, const char *status)
{
	unsigned int real = 0, effective = 0;
	const char *ids = strstr(status, "\nUid:");
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (elf_kind_of(path).is_static)
		return "it is linked statically";
	if (ids && sscanf(ids, "\nUid: %u %u", &real, &effective) == 2 && real != effective)
		return "it runs set-user-ID";
	if (!has_preload(pid))
		return "LD_PRELOAD is not in its environment";
	return "its dynamic linker has not loaded the library";
}

/* One that has ended shows neither its mappings nor its environment any more. */
static bool has_memory(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	return sys_read_file(path, text, sizeof(text)) > 0 && *text != '0';
}

static void inspect(pid_t pid, const char *status, void *found)
{
	const char *reason;
	const unsigned long kb = process_status_kb(status, "\nVmRSS:") +
				 process_status_kb(status, "\nHugetlbPages:");
	struct largest *largest = found;

	watched_note(pid, status, kb);
	if (kb < KB_WORTH || kb <= largest->kb || watcher_finds_library(pid, true))
		return;
	reason = reason_of(pid, status);
	if (!has_memory(pid))
		return;
	largest->pid = pid;
	largest->kb = kb;
	largest->reason = reason;
	sscanf(status, "Name:\t%63[^\n]", largest->name);
}

static void tell_of(const struct largest *largest, int fd)
{
	char line[400];
	const int bytes = snprintf(
		line, sizeof(line),
		"hugectl: without a report: %s, process %d, %lu MB: %s; while it runs: hugestat "
		"--collapse\n",
		largest->name, (int)largest->pid, largest->kb >> 10, largest->reason);

	if (write(fd, line, (size_t)bytes) < 0)
		return;
}

static void __attribute__((noreturn)) watch(pid_t program, int process, int fd)
{
	struct largest largest = {0};

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (chdir("/"))
		_exit(EXIT_FAILURE);
	watched_start(program, process);
	while (watched_wait(PAUSE_MS, fd))
		process_tree_walk(program, inspect, &largest);
	if (largest.kb)
		tell_of(&largest, fd);
	_exit(EXIT_SUCCESS);
}

/* Opens the file that reports are written to; -1: there is none. */
static int open_target(const struct request *request)
{
	const char *target = NULL;

	for (int i = 0; i < request->environment.count; i++)
		if (!strcmp(request->environment.changes[i].name, "HUGETLB_REPORT"))
			target = request->environment.changes[i].value;
	if (!target || request->verbose < 1)
		return -1;
	if (!strcmp(target, "2") || !strcmp(target, "-"))
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return report_file_open(target, 0666);
}

/* Keeps two descriptors, as 3 and 4, and closes the program's files and pipes. */
static void close_others(int fd, int process)
{
	const int report = fcntl(fd, F_DUPFD, FIRST_SPARE);
	const int program = fcntl(process, F_DUPFD, FIRST_SPARE);

	dup2(report, 3);
	dup2(program, 4);
	for (int i = 0; i < 3; i++)
		close(i);
	if (syscall(SYS_close_range, 5, ~0u, 0)) /* Linux 5.9 */
		for (int i = 5; i < DESCRIPTORS_MAX; i++)
			close(i);
}

void watcher_start(const struct request *request)
{
	const int fd = open_target(request);
	const pid_t program = getpid();
	const int process = fd < 0 ? -1 : (int)syscall(SYS_pidfd_open, program, 0);
	pid_t child = -1;

	if (process >= 0)
		child = fork();
	if (!child) {
		/* so that the grandchild has no parent that waits for it */
		if (fork())
			_exit(EXIT_SUCCESS);
		close_others(fd, process);
		watch(program, 4, 3);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (process >= 0)
		close(process);
	if (fd >= 0)
		close(fd);
}
