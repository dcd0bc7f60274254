/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses the files of a process to find the part that each of its mappings belongs to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/hugestat/objects.h"
#include "tools/hugestat/process.h"
#include "usage/parts.h"
#include "usage/stacks.h"

/* Returns how many; the caller frees *pointers. */
static size_t read_stack_pointers(pid_t pid, uint64_t **pointers)
{
	char process[16];

	snprintf(process, sizeof(process), "%d", (int)pid);
	for (size_t room = 1024;; room *= 2) {
		uint64_t *grown = reallocarray(*pointers, room, sizeof(*grown));
		size_t count;

		if (!grown)
			return 0;
		*pointers = grown;
		count = stacks_read(process, 0, *pointers, room);
		if (count < room)
			return count;
	}
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
	clues.stack_pointers = stack_pointers;
	parts_classify(places, process->count, &clues);
	for (size_t i = 0; i < process->count; i++)
		process->mappings[i].part = (enum part)places[i].part;
	free(stack_pointers);
	free(places);
	return 0;
}
