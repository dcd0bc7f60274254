/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mounts that this process sees, one after the other.
 */
#ifndef PROC_MOUNTS_H
#define PROC_MOUNTS_H

#include <mntent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PROC_MOUNTS "/proc/self/mounts"

struct proc_mounts {
	FILE *table;
	struct mntent entry; /* the one that proc_mounts_next() found */
	char line[65536];    /* an overlay's options are long */
};

/* False, with errno: the table cannot be read. */
bool proc_mounts_open(struct proc_mounts *mounts);

/* False: there is no further mount. The caller calls proc_mounts_close() in both cases. */
bool proc_mounts_next(struct proc_mounts *mounts);
void proc_mounts_close(struct proc_mounts *mounts);

/* The value of pagesize= in a hugetlbfs' options; 0: there is none. */
size_t proc_mounts_page_bytes(const char *options);

#endif
