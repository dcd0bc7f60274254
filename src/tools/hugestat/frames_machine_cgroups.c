/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The paths of memory cgroups: see frames_machine.h. A group is identified by its directory's
 * inode, so the hierarchy is walked once: version 1's with the memory controller, otherwise version
 * 2's.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/hugestat/frames_machine.h"
#include "tools/hugestat/system.h"

#define GROUPS_DEPTH_MAX 64

static void name_group(struct frames_machine *machine, const char *path, size_t root)
{
	struct stat status;

	if (stat(path, &status))
		return;
	for (size_t i = 0; i < machine->group_count; i++) {
		struct frames_machine_group *group = &machine->groups[i];

		if (group->inode != status.st_ino || group->path)
			continue;
		group->path = strdup(path[root] ? path + root : "/");
		if (!group->path)
			abort();
	}
}

static void walk(struct frames_machine *machine, const char *path, size_t root, int depth)
{
	DIR *directory = depth < GROUPS_DEPTH_MAX ? opendir(path) : NULL;
	struct dirent *entry;
	char *below;

	name_group(machine, path, root);
	while (directory && (entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (asprintf(&below, "%s/%s", path, entry->d_name) < 0)
			abort();
		walk(machine, below, root, depth + 1);
		free(below);
	}
	if (directory)
		closedir(directory);
}

void frames_machine_name_groups(struct frames_machine *machine)
{
	struct cgroup_mount mount;

	if (machine->group_count && system_find_cgroup_mount(&mount, "memory"))
		walk(machine, mount.path, strlen(mount.path), 0);
}
