/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page frames of the machine: see frames_machine.h.
 *
 * kpageflags has a word for each frame, kpagecgroup the inode of the cgroup that it is charged to.
 * Pages that the kernel manages together are a head and the tails after it. They change while they
 * are read: one that is split meanwhile counts as it was when its words were read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/hugestat/frames_machine.h"

#define WORDS_AT_ONCE 65536 /* a multiple of the pages in the largest huge page here, 64M of 4K */

#define FLAG_ANONYMOUS     (1ull << 12)
#define FLAG_SWAPBACKED    (1ull << 14)
#define FLAG_COMPOUND_HEAD (1ull << 15)
#define FLAG_COMPOUND_TAIL (1ull << 16)
#define FLAG_HUGETLB       (1ull << 17)
#define FLAG_THP           (1ull << 22)
#define FLAG_ZERO_PAGE     (1ull << 24)

/* Consecutive words are often of the same group. */
static size_t last_group, group_room;

static struct frames_machine_group *find_group(struct frames_machine *machine, uint64_t inode)
{
	size_t at = last_group;

	if (at >= machine->group_count || machine->groups[at].inode != inode)
		for (at = 0; at < machine->group_count && machine->groups[at].inode != inode; at++)
			;
	if (at == machine->group_count) {
		if (at == group_room) {
			group_room = group_room ? 2 * group_room : 64;
			machine->groups =
				reallocarray(machine->groups, group_room, sizeof(*machine->groups));
			if (!machine->groups)
				abort();
		}
		machine->groups[machine->group_count++] =
			(struct frames_machine_group){.inode = inode};
	}
	last_group = at;
	return &machine->groups[at];
}

static bool is_transparent_head(uint64_t flags)
{
	return flags & FLAG_THP && flags & FLAG_COMPOUND_HEAD &&
	       !(flags & (FLAG_HUGETLB | FLAG_ZERO_PAGE));
}

static enum frames_machine_kind kind_of(uint64_t flags)
{
	if (flags & FLAG_ANONYMOUS)
		return MACHINE_ANONYMOUS;
	return flags & FLAG_SWAPBACKED ? MACHINE_SHARED : MACHINE_FILE;
}

/* groups: for the same frames; NULL: the kernel does not report them. */
static void count_frames(struct frames_machine *machine, const uint64_t *flags,
			 const uint64_t *groups, size_t count)
{
	for (size_t head = 0, next; head < count; head = next) {
		int order = 0;

		next = head + 1;
		if (!is_transparent_head(flags[head]))
			continue;
		while (next < count && flags[next] & FLAG_COMPOUND_TAIL)
			next++;
		while (order + 1 < FRAMES_ORDERS && (size_t)2 << order <= next - head)
			order++;
		machine->all.pages[order][kind_of(flags[head])] += next - head;
		if (groups) {
			struct frames_machine_group *group = find_group(machine, groups[head]);

			group->sizes.pages[order][kind_of(flags[head])] += next - head;
			group->pages += next - head;
		}
	}
}

static bool has_head(const uint64_t *flags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_transparent_head(flags[i]))
			return true;
	return false;
}

static int read_frames(struct frames_machine *machine, int flags_file, int groups_file)
{
	static uint64_t flags[WORDS_AT_ONCE], groups[WORDS_AT_ONCE];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(flags_file, flags, sizeof(flags), at)) > 0) {
		const size_t count = (size_t)got / sizeof(*flags);

		if (has_head(flags, count)) {
			const bool known = groups_file >= 0 &&
					   pread(groups_file, groups, (size_t)got, at) == got;

			count_frames(machine, flags, known ? groups : NULL, count);
		}
		at += got;
	}
	return got < 0 ? -errno : 0;
}

static int by_pages(const void *a, const void *b)
{
	const struct frames_machine_group *first = a, *second = b;

	if (first->pages != second->pages)
		return first->pages > second->pages ? -1 : 1;
	return first->inode < second->inode ? -1 : first->inode > second->inode;
}

int frames_machine_read(struct frames_machine *machine)
{
	const int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	const int groups = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC); /* with CONFIG_MEMCG */
	int result;

	memset(machine, 0, sizeof(*machine));
	last_group = group_room = 0;
	if (flags < 0)
		result = errno == EACCES ? -EPERM : -errno;
	else
		result = read_frames(machine, flags, groups);
	if (flags >= 0)
		close(flags);
	if (groups >= 0)
		close(groups);
	if (machine->group_count)
		qsort(machine->groups, machine->group_count, sizeof(*machine->groups), by_pages);
	frames_machine_name_groups(machine);
	return result;
}

void frames_machine_free(struct frames_machine *machine)
{
	for (size_t i = 0; i < machine->group_count; i++)
		free(machine->groups[i].path);
	free(machine->groups);
	memset(machine, 0, sizeof(*machine));
}
