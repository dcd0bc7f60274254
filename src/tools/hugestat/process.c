/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a process's smaps; finds processes by name.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/hugestat/process.h"

static int read_mappings(struct process *process)
{
	struct smaps smaps;
	char path[64];
	size_t room = 0;
	int result;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)process->pid);
	result = smaps_open(&smaps, path);
	if (result)
		return result == -ENOENT ? -ESRCH : result;
	for (;;) {
		struct process_mapping *mapping;

		if (process->count == room) {
			room = room ? 2 * room : 256;
			mapping = reallocarray(process->mappings, room, sizeof(*mapping));
			if (!mapping) {
				smaps_close(&smaps);
				return -ENOMEM;
			}
			process->mappings = mapping;
		}
		mapping = &process->mappings[process->count];
		if (!smaps_next(&smaps, &mapping->smaps))
			break;
		process->count++;
	}
	smaps_close(&smaps);
	return process->count ? 0 : -ESRCH;
}

/* The kernel terminates it by a newline; it may contain others. Empty: there is no such process. */
static void read_name(pid_t pid, char *name, size_t bytes)
{
	char path[64];
	long length;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	length = sys_read_file(path, name, bytes);
	name[length > 0 ? length - 1 : 0] = '\0';
}

int process_read(struct process *process, pid_t pid)
{
	char root[32];
	int result;

	*process = (struct process){.pid = pid};
	read_name(pid, process->name, sizeof(process->name));
	result = read_mappings(process);
	if (!result)
		result = process_classify(process);
	if (result) {
		process_free(process);
		return result;
	}
	snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
	for (size_t i = 0; i < process->count; i++) {
		const struct process_mapping *mapping = &process->mappings[i];
		struct usage_figures figures;

		usage_figures(&figures, &mapping->smaps);
		usage_add(&process->table, mapping->part, &figures);
		if (mapping->part == PART_FILES)
			usage_files_add(&process->files, &mapping->smaps, root);
	}
	usage_files_sort(&process->files);
	return 0;
}

void process_free(struct process *process)
{
	free(process->mappings);
	process->mappings = NULL;
	process->count = 0;
}

/* The kernel cuts a command's name to 15 bytes; the file's name is complete. */
static bool has_name(pid_t pid, const char *name)
{
	char path[64], text[4096], *last;
	ssize_t length;

	read_name(pid, text, sizeof(text));
	if (*text && !strcmp(text, name))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	length = readlink(path, text, sizeof(text) - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	last = strrchr(text, '/');
	return last && !strcmp(last + 1, name);
}

static int add_pid(pid_t **pids, int count, pid_t pid)
{
	pid_t *grown = reallocarray(*pids, (size_t)count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*pids = grown;
	grown[count] = pid;
	return count + 1;
}

int process_find(const char *operand, pid_t **pids)
{
	DIR *directory;
	struct dirent *entry;
	int count = 0;
	char *end;
	long pid;

	*pids = NULL;
	errno = 0;
	pid = strtol(operand, &end, 10);
	if (isdigit((unsigned char)*operand) && !*end)
		return errno || pid <= 0 || pid > INT32_MAX ? -ESRCH : add_pid(pids, 0, (pid_t)pid);
	directory = opendir("/proc");
	if (!directory)
		return -errno;
	while (count >= 0 && (entry = readdir(directory))) {
		pid = strtol(entry->d_name, &end, 10);
		if (!*end && pid > 0 && pid != getpid() && has_name((pid_t)pid, operand))
			count = add_pid(pids, count, (pid_t)pid);
	}
	closedir(directory);
	return count ? count : -ESRCH;
}

void process_pagemap(struct pagemap *pagemap, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	pagemap->fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
}

bool process_count_present(const struct pagemap *pagemap, uint64_t page, size_t count,
			   size_t *present)
{
	static uint64_t entries[8192]; /* 512M of 64K */

	if (count > sizeof(entries) / sizeof(entries[0]) ||
	    pagemap_read(pagemap, page, entries, count) != (long)count)
		return false;
	*present = 0;
	for (size_t i = 0; i < count; i++)
		*present += !!(entries[i] & PAGEMAP_PRESENT);
	return true;
}
