/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hugetlb controller of cgroups, version 1 or 2, allows the caller: the limits of its
 * group and of the groups above it; the one with the least free space counts.
 */
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/hugestat/system.h"

struct group {
	struct cgroup_mount mount;
	char path[512]; /* mount point plus group */
};

/* Version 1 shows "no limit" as the largest number of whole pages. */
#define UNLIMITED (1ull << 62)

bool system_find_cgroup_mount(struct cgroup_mount *mount)
{
	FILE *table = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool found = false;

	while (table && !found && (entry = getmntent(table))) {
		found = mount->version_2
				? !strcmp(entry->mnt_type, "cgroup2")
				: !strcmp(entry->mnt_type, "cgroup") && hasmntopt(entry, "hugetlb");
		if (found)
			snprintf(mount->path, sizeof(mount->path), "%s", entry->mnt_dir);
	}
	if (table)
		endmntent(table);
	return found;
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ','), list = list ? list + 1 : NULL)
		if (!strncmp(list, word, length) && (list[length] == ',' || !list[length]))
			return true;
	return false;
}

/* A line is "<number>:<controllers>:<path>"; version 2 has number 0 and no controllers. */
static bool find_group(struct group *group)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[700], path[512] = "";

	group->mount.version_2 = false;
	while (file && fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':'), *name;

		name = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!name)
			continue;
		*controllers++ = *name++ = '\0';
		name[strcspn(name, "\n")] = '\0';
		if (has_word(controllers, "hugetlb")) {
			group->mount.version_2 = false;
			snprintf(path, sizeof(path), "%s", name);
			break;
		}
		if (!strcmp(line, "0") && !controllers[0]) {
			group->mount.version_2 = true;
			snprintf(path, sizeof(path), "%s", name);
		}
	}
	if (file)
		fclose(file);
	if (!path[0] || !system_find_cgroup_mount(&group->mount))
		return false;
	/* From another namespace a group appears as "/../..": then only the mount's root is
	 * visible. */
	if (strstr(path, "/.."))
		path[0] = '\0';
	return snprintf(group->path, sizeof(group->path), "%s%s", group->mount.path,
			strcmp(path, "/") ? path : "") < (int)sizeof(group->path);
}

void system_kernel_size_name(size_t bytes, char *text, size_t text_bytes)
{
	if (bytes >= 1u << 30)
		snprintf(text, text_bytes, "%zuGB", bytes >> 30);
	else if (bytes >= 1u << 20)
		snprintf(text, text_bytes, "%zuMB", bytes >> 20);
	else
		snprintf(text, text_bytes, "%zuKB", bytes >> 10);
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

	system_kernel_size_name(pool->page_bytes, size, sizeof(size));
	snprintf(path, sizeof(path), "%s/hugetlb.%s.%s%s", group->path, size, reserved,
		 group->mount.version_2 ? "current" : "usage_in_bytes");
	usage = system_number(path, 0);
	snprintf(path, sizeof(path), "%s/hugetlb.%s.%s%s", group->path, size, reserved,
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
	size_t root;

	if (!find_group(&group))
		return;
	root = strlen(group.mount.path);
	for (;;) {
		char *slash;

		for (int i = 0; i < system->sizes.huge_count; i++) {
			take_limit(&system->pools[i], &group, "");
			take_limit(&system->pools[i], &group, "rsvd.");
		}
		slash = strrchr(group.path, '/');
		if (!slash || (size_t)(slash - group.path) < root)
			return;
		*slash = '\0';
	}
}
