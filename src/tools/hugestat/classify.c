/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses the files of a process to find the part that each of its mappings belongs to.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/hugestat/objects.h"
#include "tools/hugestat/process.h"
#include "usage/parts.h"

/* "<call> <six arguments> <stack pointer> <program counter>", or "running". */
static bool stack_pointer_of(const char *text, uint64_t *pointer)
{
	const char *last = strrchr(text, ' '), *before = last;

	if (!last)
		return false;
	while (before > text && before[-1] != ' ')
		before--;
	*pointer = strtoull(before, NULL, 16);
	return *pointer != 0;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

/* Returns how many; the caller frees *pointers. */
static size_t read_stack_pointers(pid_t pid, uint64_t **pointers)
{
	size_t count = 0;
	char path[300], text[256];
	DIR *directory;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		uint64_t pointer, *grown;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", (int)pid, entry->d_name);
		if (entry->d_name[0] == '.' || sys_read_file(path, text, sizeof(text)) <= 0 ||
		    !stack_pointer_of(text, &pointer))
			continue;
		grown = reallocarray(*pointers, count + 1, sizeof(*grown));
		if (!grown)
			break;
		*pointers = grown;
		grown[count++] = pointer;
	}
	if (directory)
		closedir(directory);
	return count;
}

/* 0: not known. */
static uint64_t stack_limit_of(pid_t pid)
{
	struct rlimit limit;

	return prlimit(pid, RLIMIT_STACK, NULL, &limit) ? 0 : limit.rlim_cur;
}

int process_classify(struct process *process)
{
	struct clues clues = {.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
	struct part_mapping *places = calloc(process->count, sizeof(*places));
	uint64_t *stack_pointers = NULL;

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < process->count; i++)
		part_mapping_read(&places[i], &process->mappings[i].smaps);
	program_layout_read(process->pid, &clues.program);
	clues.stack_limit = stack_limit_of(process->pid);
	clues.stack_count = read_stack_pointers(process->pid, &stack_pointers);
	if (clues.stack_count)
		qsort(stack_pointers, clues.stack_count, sizeof(*stack_pointers), by_value);
	clues.stack_pointers = stack_pointers;
	parts_classify(places, process->count, &clues);
	for (size_t i = 0; i < process->count; i++)
		process->mappings[i].part = (enum part)places[i].part;
	free(stack_pointers);
	free(places);
	return 0;
}
