/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory whose place the first touch chooses: see first_touch.h.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "pages/first_touch.h"

#define NODES_MAX 4096 /* more than any kernel is built for */

#define MEMS_ALLOWED 4 /* MPOL_F_MEMS_ALLOWED */

/* Not on the caller's stack, which may be small; one thread at a time. */
static struct {
	bool in_use;
	unsigned long allowed[NODES_MAX / 8 / sizeof(long)];
	char groups[4096], path[4096 + 64];
} room;

bool first_touch_used;

static enum { ONE_NODE, SEVERAL_NODES } nodes;

static const char *parse_node(const char *text, unsigned int *node)
{
	*node = 0;
	while (*text >= '0' && *text <= '9')
		*node = *node * 10 + (unsigned int)(*text++ - '0');
	return text;
}

static bool is_allowed(const unsigned long *allowed, unsigned int from, unsigned int to)
{
	const unsigned int bits = 8 * sizeof(*allowed);

	for (; from <= to; from++)
		if (from >= NODES_MAX || !(allowed[from / bits] >> from % bits & 1))
			return false;
	return true;
}

/* A list of nodes as in "0-1,3": how many, and are all of them allowed? */
static unsigned int count_nodes(const char *text, const unsigned long *allowed, bool *all)
{
	unsigned int count = 0, from, to;

	for (*all = true; *text >= '0' && *text <= '9'; text += *text == ',') {
		text = parse_node(text, &from);
		to = from;
		if (*text == '-')
			text = parse_node(text + 1, &to);
		count += to - from + 1;
		*all = *all && is_allowed(allowed, from, to);
	}
	return count;
}

/* The nodes that have memory. A list that does not fit names several. */
static unsigned int count_memory_nodes(bool *all_allowed)
{
	char text[256];

	if (SYS_IS_ERROR(sys_read_file("/sys/devices/system/node/has_memory", text, sizeof(text))))
		text[0] = '\0';
	return count_nodes(text, room.allowed, all_allowed);
}

/* With a cpuset that has fewer nodes, a reservation is no promise. */
static bool may_use_all_nodes(void)
{
	bool all;

	memset(room.allowed, 0, sizeof(room.allowed));
	sys_call(SYS_get_mempolicy, 0, room.allowed, NODES_MAX, 0, MEMS_ALLOWED);
	return count_memory_nodes(&all) && all;
}

/* Without a policy the kernel takes the nearest page that is free. */
static bool has_no_policy(void)
{
	int mode = -1;

	return !sys_call(SYS_get_mempolicy, &mode) && !mode;
}

/* The kernel's name of a page size in the files of control groups: "2MB". */
static void format_size(char *out, size_t bytes, size_t page_bytes)
{
	if (page_bytes >> 30)
		text_format(out, bytes, "%zuGB", page_bytes >> 30);
	else if (page_bytes >> 20)
		text_format(out, bytes, "%zuMB", page_bytes >> 20);
	else
		text_format(out, bytes, "%zuKB", page_bytes >> 10);
}

/* A number below this is a limit: version 1 shows no limit as the largest multiple of a page. */
#define NO_LIMIT_DIGITS 18

/* 1: there is a limit; 0: there is none; -1: there is no such file. */
static int read_limit(const char *directory, const char *group, const char *size, const char *name)
{
	char text[64];
	size_t digits = 0;

	text_format(room.path, sizeof(room.path), "%s%s/hugetlb.%s.%s", directory, group, size,
		    name);
	if (SYS_IS_ERROR(sys_read_file(room.path, text, sizeof(text))))
		return -1;
	while (text[digits] >= '0' && text[digits] <= '9')
		digits++;
	return digits && digits < NO_LIMIT_DIGITS;
}

/* Of a group, and of all above it up to the root: cuts the group's name. */
static bool is_group_limited(const char *directory, char *group, const char *size, const char *name)
{
	char *end = group + strlen(group);

	for (;;) {
		if (read_limit(directory, group, size, name) > 0)
			return true;
		if (end == group)
			return false;
		while (end > group && *--end != '/')
			;
		*end = '\0';
	}
}

static bool is_limited(size_t page_bytes)
{
	char size[16], *line, *end, *group;
	long length = sys_read_file("/proc/self/cgroup", room.groups, sizeof(room.groups));
	bool limited = false;

	if (SYS_IS_ERROR(length))
		return length != -ENOENT;
	format_size(size, sizeof(size), page_bytes);
	for (line = room.groups; *line && !limited; line = end) {
		end = strchr(line, '\n');
		if (!end)
			return true;
		*end++ = '\0';
		line = strchr(line, ':');
		group = line ? strchr(line + 1, ':') : NULL;
		if (!group)
			continue;
		*group++ = '\0';
		if (!line[1])
			limited = is_group_limited("/sys/fs/cgroup", group, size, "max");
		else if (strstr(line, "hugetlb"))
			limited = is_group_limited("/sys/fs/cgroup/hugetlb", group, size,
						   "limit_in_bytes");
	}
	return limited;
}

void first_touch_start(void)
{
	bool all;

	/* no get_mempolicy() here: a filter of system calls may kill for it */
	nodes = count_memory_nodes(&all) > 1 ? SEVERAL_NODES : ONE_NODE;
}

bool first_touch_places(size_t page_bytes)
{
	bool places;

	if (nodes != SEVERAL_NODES || sys_sandboxed || sys_is_filtered() ||
	    __atomic_exchange_n(&room.in_use, true, __ATOMIC_ACQUIRE))
		return false;
	places = may_use_all_nodes() && has_no_policy() && !is_limited(page_bytes);
	__atomic_store_n(&room.in_use, false, __ATOMIC_RELEASE);
	return places;
}

bool first_touch_awaited(uintptr_t address)
{
	unsigned char resident;

	return !sys_mincore(address, 1, &resident) && !(resident & 1);
}
