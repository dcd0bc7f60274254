/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the fields of /proc/PID/stat that the tools need. They follow the command's name in
 * parentheses, which may contain anything.
 */
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "tools/hugestat/process.h"

bool process_stat(pid_t pid, struct process_stat *stat)
{
	unsigned long long user = 0, kernel = 0;
	char path[64], text[1024], *at;

	*stat = (struct process_stat){0};
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (sys_read_file(path, text, sizeof(text)) <= 0 || !(at = strrchr(text, ')')))
		return false;
	if (sscanf(at + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %llu %*u %llu %*u %llu %llu %*d %*d %*d %*d %*d "
		   "%*d %llu",
		   &stat->minor_faults, &stat->major_faults, &user, &kernel, &stat->start) != 5)
		return false;
	stat->cpu_ticks = user + kernel;
	return true;
}
