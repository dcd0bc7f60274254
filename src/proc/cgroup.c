/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups of a process: see cgroup.h.
 */
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "proc/cgroup.h"

/* Is the controller in a list with commas between them, which ends at a colon? */
static bool has_controller(const char *list, const char *controller)
{
	const size_t all = word_bytes(list, ':');

	for (size_t at = 0; at <= all;) {
		const size_t bytes = word_bytes(list + at, ','), left = all - at;

		if (word_is(list + at, bytes < left ? bytes : left, controller))
			return true;
		at += bytes + 1;
	}
	return false;
}

/* A line is "<number>:<controllers>:<path>"; in that of version 2 there are no controllers. */
static const char *find_path(const char *lines, const char *controller, size_t *bytes)
{
	for (const char *next; *lines; lines = next) {
		const size_t length = word_bytes(lines, '\n'), number = word_bytes(lines, ':') + 1;
		const char *path;

		next = lines + length + (lines[length] == '\n');
		if (number >= length)
			continue;
		path = lines + number + word_bytes(lines + number, ':') + 1;
		if (path >= lines + length || !has_controller(lines + number, controller))
			continue;
		*bytes = (size_t)(lines + length - path);
		return path;
	}
	return NULL;
}

bool cgroup_find(struct cgroup *group, const char *lines, const char *controller, const char *mount)
{
	size_t bytes;
	const char *path = find_path(lines, controller, &bytes);

	group->mount_bytes = strlen(mount);
	if (!path || group->mount_bytes + bytes > CGROUP_PATH_MAX)
		return false;
	text_format(group->path, sizeof(group->path), "%s", mount);
	if (bytes == 1 || (*mount && bytes >= 3 && !memcmp(path, "/..", 3)))
		return true;
	memcpy(group->path + group->mount_bytes, path, bytes);
	group->path[group->mount_bytes + bytes] = '\0';
	return true;
}

bool cgroup_up(struct cgroup *group)
{
	size_t end = strlen(group->path);

	if (end <= group->mount_bytes)
		return false;
	while (end > group->mount_bytes && group->path[--end] != '/')
		;
	group->path[end] = '\0';
	return true;
}

long cgroup_read(struct cgroup *group, const char *name, char *text, size_t bytes)
{
	const size_t end = strlen(group->path);
	long result;

	text_format(group->path + end, sizeof(group->path) - end, "/%s", name);
	result = sys_read_file(group->path, text, bytes);
	group->path[end] = '\0';
	return result;
}

uint64_t cgroup_number(struct cgroup *group, const char *name)
{
	char text[32];
	const char *at = text;

	if (SYS_IS_ERROR(cgroup_read(group, name, text, sizeof(text))) || *at < '0' || *at > '9')
		return UINT64_MAX;
	return word_number(&at, 10);
}

void cgroup_size_name(size_t page_bytes, char *text, size_t text_bytes)
{
	const int shift = page_bytes >> 30 ? 30 : page_bytes >> 20 ? 20 : 10;

	text_format(text, text_bytes, "%zu%cB", page_bytes >> shift,
		    shift == 30   ? 'G'
		    : shift == 20 ? 'M'
				  : 'K');
}
