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

/* Longest path of a group, and name of a file in it. */
#define CGROUP_PATH_MAX 511
#define CGROUP_NAME_MAX 63

struct cgroup {
	/* of its directory; ancestors are prefixes of it; with room for the name of a file in it */
	char path[CGROUP_PATH_MAX + 1 + CGROUP_NAME_MAX + 1];
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

/* The text of a file of the group, as sys_read_file(): its length or -errno. Takes little of the
 * caller's stack: the path is made in the group, and is the directory's again afterwards. */
long cgroup_read(struct cgroup *group, const char *name, char *text, size_t bytes);

/* The number in such a file; UINT64_MAX: there is no such file, or it says "max". */
uint64_t cgroup_number(struct cgroup *group, const char *name);

/* The kernel's name of a page size in the files of the hugetlb controller: "2MB". */
void cgroup_size_name(size_t page_bytes, char *text, size_t text_bytes);

#endif
