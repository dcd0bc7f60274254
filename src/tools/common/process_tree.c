/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree of processes: see process_tree.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "tools/common/process_tree.h"

#define GENERATIONS_MAX 32

static void walk(pid_t pid, process_visit *visit, void *argument, int generation)
{
	char path[64], status[4096], *children = NULL, *at, *end;
	size_t bytes = 0;
	FILE *file;
	long child;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (sys_read_file(path, status, sizeof(status)) <= 0)
		return;
	visit(pid, status, argument);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = generation < GENERATIONS_MAX ? fopen(path, "re") : NULL;
	if (file && getline(&children, &bytes, file) > 0)
		for (at = children; (child = strtol(at, &end, 10)) > 0; at = end)
			walk((pid_t)child, visit, argument, generation + 1);
	free(children);
	if (file)
		fclose(file);
}

void process_tree_walk(pid_t pid, process_visit *visit, void *argument)
{
	walk(pid, visit, argument, 0);
}

unsigned long process_status_kb(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? strtoul(line + strlen(name), NULL, 10) : 0;
}
