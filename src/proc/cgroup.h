/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control group that a process is in, version 1 or 2, and the groups above it. System calls
 * only.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits above this are none: version 1 has no word for "no limit", and shows a large number. */
#define CGROUP_LIMIT_MAX (UINT64_MAX >> 8)

struct cgroup {
	char path[512]; /* of its directory; ancestors are prefixes of it */
	size_t mount_bytes;
};

/*
 * Finds the group that a controller counts for, whose tree is mounted at `mount`. lines: the text
 * of /proc/PID/cgroup. controller: a name of version 1, which may share its tree with others; "" is
 * version 2. Of a group outside this process's namespace only the root of the tree is visible.
 * False: there is no such group, or its path does not fit.
 */
bool cgroup_find(struct cgroup *group, const char *lines, const char *controller,
		 const char *mount);

/* Goes up to the parent; false: this is the root. */
bool cgroup_up(struct cgroup *group);

/* The number in a file of the group; UINT64_MAX: there is no such file, or it says "max". */
uint64_t cgroup_number(const struct cgroup *group, const char *name);

/* The kernel's name of a page size in the files of the hugetlb controller: "2MB". */
void cgroup_size_name(size_t page_bytes, char *text, size_t text_bytes);

#endif
