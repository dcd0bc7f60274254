/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the processes with the library ended: see watched.h.
 *
 * They are not children of this process. While such a process is a zombie, its wait status is in
 * /proc/PID/stat; once its parent has waited for it, the pidfd has it, on Linux 6.15 and later. If
 * neither has it, nothing is printed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/hugectl/watched.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3, on every CPU */
#endif

#define PROCESSES_MAX 256
#define LOOKS_MAX     64 /* between two searches for the library: a process may exec */

struct watched {
	pid_t pid;
	int descriptor; /* from pidfd_open() */
	char name[64];
	unsigned long kb, hugetlb_kb;
	bool has_library;
	unsigned int looks, next_look; /* when the library is searched for */
};

static struct watched processes[PROCESSES_MAX]; /* the first one is the program */
static struct pollfd polled[PROCESSES_MAX];
static nfds_t count;

static void add(pid_t pid, int descriptor)
{
	processes[count] = (struct watched){.pid = pid, .descriptor = descriptor};
	polled[count++] = (struct pollfd){.fd = descriptor, .events = POLLIN};
}

void watched_start(pid_t program, int descriptor)
{
	add(program, descriptor);
}

static struct watched *find(pid_t pid)
{
	int descriptor;

	for (nfds_t i = 0; i < count; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (count == PROCESSES_MAX)
		return NULL;
	descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
	if (descriptor < 0)
		return NULL;
	add(pid, descriptor);
	return &processes[count - 1];
}

void watched_note(pid_t pid, const char *status, unsigned long kb)
{
	struct watched *process = find(pid);
	const char *hugetlb = strstr(status, "\nHugetlbPages:");
	char name[64];

	if (!process || sscanf(status, "Name:\t%63[^\n]", name) != 1 ||
	    strstr(status, "\nState:\tZ"))
		return;
	if (strcmp(name, process->name)) {
		/* the process is new, or runs another program now */
		memcpy(process->name, name, sizeof(name));
		process->next_look = process->looks;
	}
	/* a process that a signal is ending may have given its memory back already */
	if (!kb)
		return;
	process->kb = kb;
	process->hugetlb_kb = hugetlb ? strtoul(hugetlb + strlen("\nHugetlbPages:"), NULL, 10) : 0;
	if (process->looks++ != process->next_look)
		return;
	process->next_look += process->looks < LOOKS_MAX ? process->looks : LOOKS_MAX;
	process->has_library = watcher_finds_library(pid, process->has_library);
}

/* In the format of wait(2); -1: unknown. */
static int wait_status(const struct watched *process)
{
	struct {
		uint64_t mask, cgroup;
		uint32_t ids[11];
		int32_t exit_code;
	} information = {.mask = 1u << 3}; /* struct pidfd_info, PIDFD_INFO_EXIT */
	char path[64], text[1024], *field, *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)process->pid);
	if (sys_read_file(path, text, sizeof(text)) > 0 && (field = strrchr(text, ')')) &&
	    field[1] && field[2] == 'Z') {
		field = strrchr(text, ' '); /* the last field */
		errno = 0;
		if (field) {
			const long status = strtol(field + 1, &end, 10);

			if (!errno && end != field + 1)
				return (int)status;
		}
	}
	if (ioctl(process->descriptor, _IOWR(0xFF, 11, information), &information) ||
	    !(information.mask & 1u << 3))
		return -1;
	return information.exit_code;
}

static void tell_of_end(const struct watched *process, bool is_program, int fd)
{
	const int status = wait_status(process);
	char line[400], memory[120] = "";
	int bytes;

	if (status < 0 || !WIFSIGNALED(status) || !(process->has_library || is_program))
		return;
	if (process->kb)
		snprintf(memory, sizeof(memory), ", %lu MB, of it %lu MB on hugetlb pages",
			 process->kb >> 10, process->hugetlb_kb >> 10);
	bytes = snprintf(line, sizeof(line),
			 "hugectl: without a report: %s, process %d%s: ended by signal %d (%s)\n",
			 *process->name ? process->name : "the program", (int)process->pid, memory,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (write(fd, line, (size_t)bytes) < 0)
		return;
}

bool watched_wait(int milliseconds, int fd)
{
	const int ended = poll(polled, count, milliseconds);

	for (nfds_t i = count; ended > 0 && i-- > 0;) {
		if (!polled[i].revents)
			continue;
		tell_of_end(&processes[i], !i, fd);
		close(processes[i].descriptor);
		count--;
		if (!i)
			return false;
		processes[i] = processes[count];
		polled[i] = polled[count];
	}
	return true;
}
