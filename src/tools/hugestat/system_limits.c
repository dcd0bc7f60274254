/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hugetlb controller of cgroups, version 1 or 2, allows the caller: the limits of its
 * group and of the groups above it; the one with the least free space counts.
 */
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "proc/cgroup.h"
#include "tools/common/proc_mounts.h"
#include "tools/hugestat/system.h"

struct group {
	struct cgroup_mount mount;
	struct cgroup cgroup;
};

/* Version 1 shows "no limit" as the largest number of whole pages. */
#define UNLIMITED (1ull << 62)

bool system_find_cgroup_mount(struct cgroup_mount *mount, const char *controller)
{
	const struct mntent *entry;
	struct proc_mounts mounts;

	*mount = (struct cgroup_mount){.version_2 = true};
	proc_mounts_open(&mounts);
	entry = &mounts.entry;
	while (mount->version_2 && proc_mounts_next(&mounts)) {
		mount->version_2 =
			strcmp(entry->mnt_type, "cgroup") || !hasmntopt(entry, controller);
		if (!mount->version_2 || (!strcmp(entry->mnt_type, "cgroup2") && !*mount->path))
			snprintf(mount->path, sizeof(mount->path), "%s", entry->mnt_dir);
	}
	proc_mounts_close(&mounts);
	return *mount->path;
}

static bool find_group(struct group *group)
{
	char lines[4096];

	return sys_read_file("/proc/self/cgroup", lines, sizeof(lines)) > 0 &&
	       system_find_cgroup_mount(&group->mount, "hugetlb") &&
	       cgroup_find(&group->cgroup, lines, group->mount.version_2 ? "" : "hugetlb",
			   group->mount.path);
}

static unsigned long long room(unsigned long long limit, unsigned long long usage)
{
	return limit > usage ? limit - usage : 0;
}

/* Reads one file of a group and the usage next to it; used if it leaves less space than others. */
static void take_limit(struct system_pool *pool, const struct group *group, const char *reserved)
{
	char size[16], path[640];
	unsigned long long limit, usage;

	cgroup_size_name(pool->page_bytes, size, sizeof(size));
	snprintf(path, sizeof(path), "%s/hugetlb.%s.%s%s", group->cgroup.path, size, reserved,
		 group->mount.version_2 ? "current" : "usage_in_bytes");
	usage = system_number(path, 0);
	snprintf(path, sizeof(path), "%s/hugetlb.%s.%s%s", group->cgroup.path, size, reserved,
		 group->mount.version_2 ? "max" : "limit_in_bytes");
	limit = system_number(path, SYSTEM_NO_LIMIT);
	if (limit >= UNLIMITED || strlen(path) >= sizeof(pool->limit_path))
		return;
	if (pool->limit_bytes != SYSTEM_NO_LIMIT &&
	    room(limit, usage) >= room(pool->limit_bytes, pool->usage_bytes))
		return;
	memcpy(pool->limit_path, path, strlen(path) + 1);
	pool->limit_version_2 = group->mount.version_2;
	pool->limit_bytes = limit;
	pool->usage_bytes = usage;
}

void system_read_limits(struct system *system)
{
	struct group group;

	if (!find_group(&group))
		return;
	do
		for (int i = 0; i < system->sizes.huge_count; i++) {
			take_limit(&system->pools[i], &group, "");
			take_limit(&system->pools[i], &group, "rsvd.");
		}
	while (cgroup_up(&group.cgroup));
}
