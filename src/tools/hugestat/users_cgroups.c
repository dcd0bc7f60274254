/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hugetlb controller's counts for each cgroup: pages in use, and pages reserved (since Linux
 * 5.7). A group's counts include those of the groups below it, which are subtracted.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/cgroup.h"
#include "tools/hugestat/users.h"

#define GROUPS_DEPTH_MAX 64

struct amounts {
	unsigned long long bytes[PAGES_SIZES_MAX], reserved[PAGES_SIZES_MAX];
};

struct walk {
	struct users *users;
	const struct cgroup_mount *mount;
};

/* 0: no such file, as in the root of version 2. */
static unsigned long long usage_of(const struct walk *walk, const char *path, size_t page_bytes,
				   const char *reserved)
{
	char size[16], *file;
	unsigned long long bytes;

	cgroup_size_name(page_bytes, size, sizeof(size));
	if (asprintf(&file, "%s/hugetlb.%s.%s%s", path, size, reserved,
		     walk->mount->version_2 ? "current" : "usage_in_bytes") < 0)
		abort();
	bytes = system_number(file, 0);
	free(file);
	return bytes;
}

static struct amounts walk_group(const struct walk *walk, const char *path, int depth)
{
	struct users *users = walk->users;
	struct amounts own = {0}, below = {0};
	DIR *directory = depth < GROUPS_DEPTH_MAX ? opendir(path) : NULL;
	struct dirent *entry;

	for (int pool = 0; pool < users->pool_count; pool++) {
		const size_t page_bytes = users->pools[pool].page_bytes;

		own.bytes[pool] = usage_of(walk, path, page_bytes, "");
		own.reserved[pool] = usage_of(walk, path, page_bytes, "rsvd.");
	}
	while (directory && (entry = readdir(directory))) {
		struct amounts group;
		char *name;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0)
			abort();
		group = walk_group(walk, name, depth + 1);
		free(name);
		for (int pool = 0; pool < users->pool_count; pool++) {
			below.bytes[pool] += group.bytes[pool];
			below.reserved[pool] += group.reserved[pool];
		}
	}
	if (directory)
		closedir(directory);
	for (int pool = 0; pool < users->pool_count; pool++) {
		const size_t page_bytes = users->pools[pool].page_bytes;
		const unsigned long long bytes = own.bytes[pool] > below.bytes[pool]
							 ? own.bytes[pool] - below.bytes[pool]
							 : 0;
		const char *name = path + strlen(walk->mount->path);
		/* a charged reservation stays charged while the page is in use */
		const unsigned long long all = own.reserved[pool] > below.reserved[pool]
						       ? own.reserved[pool] - below.reserved[pool]
						       : 0;

		if (bytes || all)
			users_add_cgroup(users, *name ? name : "/", page_bytes,
					 (unsigned long)(bytes / page_bytes),
					 all > bytes ? (unsigned long)((all - bytes) / page_bytes)
						     : 0);
	}
	return own;
}

bool users_read_cgroups(struct users *users)
{
	struct cgroup_mount mount;
	struct walk walk = {users, &mount};

	if (!system_find_cgroup_mount(&mount, "hugetlb"))
		return false;
	walk_group(&walk, mount.path, 0);
	return users->cgroup_count != 0;
}
