/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --pages without a process: how much memory of the machine, and of each memory cgroup, is on
 * transparent huge pages of each size, from 16K on. For root only.
 */
#ifndef HUGESTAT_FRAMES_MACHINE_H
#define HUGESTAT_FRAMES_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/hugestat/frames.h"

enum frames_machine_kind { MACHINE_ANONYMOUS, MACHINE_SHARED, MACHINE_FILE, MACHINE_KINDS };

struct frames_machine_sizes {
	/* small pages that belong to one of 2^order of them */
	unsigned long pages[FRAMES_ORDERS][MACHINE_KINDS];
};

struct frames_machine_group {
	uint64_t inode; /* of its directory; 0: charged to no group */
	char *path;     /* NULL: a group that was removed, or is not visible */
	struct frames_machine_sizes sizes;
	unsigned long pages; /* the sum */
};

struct frames_machine {
	struct frames_machine_sizes all;
	struct frames_machine_group *groups; /* most pages first */
	size_t group_count;
};

/* Returns 0 or -errno: -EPERM if frame numbers are hidden from the caller. The caller must free
 * it. */
int frames_machine_read(struct frames_machine *machine);
void frames_machine_free(struct frames_machine *machine);

/* frames_machine_cgroups.c: the paths of the groups, by their inodes. */
void frames_machine_name_groups(struct frames_machine *machine);

/* verbose: all groups, not only the first ten. */
void frames_machine_print(const struct frames_machine *machine, bool verbose);

struct json;
void frames_machine_json(const struct frames_machine *machine, struct json *json);

#endif
