/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --pages without a process: how much memory of the machine, and of each memory cgroup, is on
 * transparent huge pages of each size, from 16K on. For root only.
 */
#ifndef HUGESTAT_MACHINE_H
#define HUGESTAT_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/hugestat/frames.h"

enum machine_kind { MACHINE_ANONYMOUS, MACHINE_SHARED, MACHINE_FILE, MACHINE_KINDS };

struct machine_sizes {
	/* small pages that belong to one of 2^order of them */
	unsigned long pages[FRAMES_ORDERS][MACHINE_KINDS];
};

struct machine_group {
	uint64_t inode; /* of its directory; 0: charged to no group */
	char *path;     /* NULL: a group that was removed, or is not visible */
	struct machine_sizes sizes;
	unsigned long pages; /* the sum */
};

struct machine {
	struct machine_sizes all;
	struct machine_group *groups; /* most pages first */
	size_t group_count;
};

/* Returns 0 or -errno: -EPERM if frame numbers are hidden from the caller. The caller must free
 * it. */
int machine_read(struct machine *machine);
void machine_free(struct machine *machine);

/* machine_cgroups.c: the paths of the groups, by their inodes. */
void machine_name_groups(struct machine *machine);

/* verbose: all groups, not only the first ten. */
void machine_print(const struct machine *machine, bool verbose);

struct json;
void machine_json(const struct machine *machine, struct json *json);

#endif
