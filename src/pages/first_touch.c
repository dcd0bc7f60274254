/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory whose place the first touch chooses: see first_touch.h.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "pages/first_touch.h"
#include "proc/cgroup.h"

#define NODES_MAX 4096 /* more than any kernel is built for */

#define MEMS_ALLOWED 4 /* MPOL_F_MEMS_ALLOWED */

/* Not on the caller's stack, which may be small; one thread at a time. */
static struct {
	bool in_use;
	unsigned long allowed[NODES_MAX / 8 / sizeof(long)];
	struct cgroup group;
	char lines[4096];
} room;

bool first_touch_used;

/* beside what ld.so has already written to: its page of bss would be touched by each start */
static __attribute__((section(".data.at_start"))) enum {
	NOT_STARTED,
	NOT_COUNTED,
	ONE_NODE,
	SEVERAL_NODES
} nodes;

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
		from = to = (unsigned int)word_number(&text, 10);
		if (*text == '-') {
			text++;
			to = (unsigned int)word_number(&text, 10);
		}
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

/* By a controller's group, and by all above it. */
static bool is_limited_by(const char *controller, const char *mount, const char *name,
			  size_t page_bytes)
{
	char size[16], file[64];

	if (!cgroup_find(&room.group, room.lines, controller, mount))
		return false;
	cgroup_size_name(page_bytes, size, sizeof(size));
	text_format(file, sizeof(file), "hugetlb.%s.%s", size, name);
	do {
		if (cgroup_number(&room.group, file) <= CGROUP_LIMIT_MAX)
			return true;
	} while (cgroup_up(&room.group));
	return false;
}

static bool is_limited(size_t page_bytes)
{
	long length = sys_read_file("/proc/self/cgroup", room.lines, sizeof(room.lines));

	if (SYS_IS_ERROR(length))
		return length != -ENOENT;
	return is_limited_by("", "/sys/fs/cgroup", "max", page_bytes) ||
	       is_limited_by("hugetlb", "/sys/fs/cgroup/hugetlb", "limit_in_bytes", page_bytes);
}

/* Nothing is read here: few programs take that many pages at once. */
void first_touch_start(void)
{
	nodes = NOT_COUNTED;
}

static bool has_several_nodes(void)
{
	bool all;

	if (nodes == NOT_COUNTED)
		nodes = count_memory_nodes(&all) > 1 ? SEVERAL_NODES : ONE_NODE;
	return nodes == SEVERAL_NODES;
}

bool first_touch_places(size_t page_bytes)
{
	bool places;

	if (nodes == NOT_STARTED || nodes == ONE_NODE || sys_sandboxed || sys_is_filtered() ||
	    __atomic_exchange_n(&room.in_use, true, __ATOMIC_ACQUIRE))
		return false;
	places = has_several_nodes() && may_use_all_nodes() && has_no_policy() &&
		 !is_limited(page_bytes);
	__atomic_store_n(&room.in_use, false, __ATOMIC_RELEASE);
	return places;
}

bool first_touch_is_known(void)
{
	return first_touch_used && !sys_sandboxed && !sys_is_filtered();
}

bool first_touch_awaited(uintptr_t address)
{
	unsigned char resident;

	return !sys_mincore(address, 1, &resident) && !(resident & 1);
}
