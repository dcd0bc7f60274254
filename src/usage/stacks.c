/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the threads of a process have their stacks: see stacks.h.
 */
#include <fcntl.h>
#include <string.h>

#include "base/directory.h"
#include "base/log.h"
#include "base/sys.h"
#include "usage/stacks.h"

bool stacks_pointer(const char *text, uint64_t *pointer)
{
	const char *last = strrchr(text, ' '), *at = last;

	if (!last)
		return false;
	while (at > text && at[-1] != ' ')
		at--;
	*pointer = 0;
	for (at += !strncmp(at, "0x", 2) ? 2 : 0; at < last; at++)
		*pointer = *pointer << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	return *pointer != 0;
}

/* Keeps them in ascending order. */
static size_t add(uint64_t *pointers, size_t count, uint64_t pointer)
{
	size_t at = count;

	while (at && pointers[at - 1] > pointer)
		at--;
	memmove(&pointers[at + 1], &pointers[at], (count - at) * sizeof(*pointers));
	pointers[at] = pointer;
	return count + 1;
}

size_t stacks_read(const char *process, uint64_t caller, uint64_t *pointers, size_t room)
{
	char path[64], text[256];
	struct directory tasks;
	const char *name;
	uint64_t pointer;
	size_t count = 0;

	if (room && caller)
		count = add(pointers, count, caller);
	text_format(path, sizeof(path), "/proc/%s/task", process);
	if (directory_open(&tasks, AT_FDCWD, path))
		return count;
	while (count < room && (name = directory_next(&tasks))) {
		text_format(path, sizeof(path), "/proc/%s/task/%s/syscall", process, name);
		if (*name != '.' && sys_read_file(path, text, sizeof(text)) > 0 &&
		    stacks_pointer(text, &pointer))
			count = add(pointers, count, pointer);
	}
	directory_close(&tasks);
	return count;
}
