/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program with a uprobe: with-uprobe <file> <offset> <program> <argument> ... The kernel counts
 * how often the instruction at that offset of the file is executed; prints that number and how the
 * program ended. Exits with 77 where the kernel has no uprobes for us.
 */
#include <inttypes.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static int uprobe_type(void)
{
	FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int type;

	if (!file || fscanf(file, "%d", &type) != 1)
		return -1;
	fclose(file);
	return type;
}

/* A descriptor that counts, or -1. */
static int open_probe(const char *file, const char *offset, pid_t process)
{
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.uprobe_path = (uintptr_t)file,
		.probe_offset = strtoull(offset, NULL, 16),
	};
	const int type = uprobe_type();

	if (type < 0)
		return -1;
	attributes.type = (unsigned int)type;
	return (int)syscall(SYS_perf_event_open, &attributes, process, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

int main(int count, char **arguments)
{
	int go[2], probe, status;
	uint64_t hits = 0;
	char byte = 0;
	pid_t child;

	CHECK(count > 3, "usage");
	CHECK(!pipe(go), "no pipe");
	child = fork();
	CHECK(child >= 0, "no child");
	if (!child) {
		close(go[1]);
		/* until the probe is set; nothing comes where it can't be */
		if (read(go[0], &byte, 1) != 1)
			_exit(0);
		execvp(arguments[3], arguments + 3);
		_exit(127);
	}
	probe = open_probe(arguments[1], arguments[2], child);
	if (probe >= 0)
		CHECK(write(go[1], &byte, 1) == 1, "no write");
	close(go[1]);
	CHECK(waitpid(child, &status, 0) == child, "no wait");
	if (probe < 0) {
		puts("no uprobes here");
		return 77;
	}
	CHECK(read(probe, &hits, sizeof(hits)) == sizeof(hits), "no count");
	printf("%" PRIu64 " hits, %s %d\n", hits, WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}
