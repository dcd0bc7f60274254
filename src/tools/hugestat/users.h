/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which processes, System V segments and files hold huge pages: the pages of each pool that they
 * have in use and reserved, and on which nodes; the rest of a pool's pages has no identifiable
 * holder. Each page in use counts for one holder, so the figures add up to those of the pools.
 *
 * Reads /proc/PID/maps and /proc/PID/fd of all processes once; only mappings of huge pages are
 * examined further. Running out of memory ends the tool.
 */
#ifndef HUGESTAT_USERS_H
#define HUGESTAT_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "tools/hugestat/system.h"

enum holder_kind {
	HOLDER_PROCESS,
	HOLDER_SHM,      /* a System V segment */
	HOLDER_FILE,     /* a file with a name on a hugetlbfs mount */
	HOLDER_NAMELESS, /* a deleted file or a memfd that several processes have */
};

struct holder {
	enum holder_kind kind;
	size_t page_bytes;
	unsigned long in_use, reserved; /* pages */
	unsigned long shared;           /* pages that it maps and that count for another holder */
	unsigned long nodes[SYSTEM_NODES_MAX]; /* of in_use, if a process maps them */
	char *name;                            /* the command; the path; "memfd:..." */
	uid_t uid;
	char *cgroup;     /* of a process; NULL: unknown */
	pid_t pid;        /* of a process */
	long id, key;     /* of a System V segment */
	pid_t *processes; /* that have the segment or file open or mapped */
	size_t process_count;
	bool left_over;    /* no process has it */
	char command[600]; /* for a shell: frees a left-over object; or empty */
};

struct users_pool {
	size_t page_bytes;
	unsigned long total, in_use, reserved;    /* as reported by the pool */
	unsigned long held_in_use, held_reserved; /* total of the holders */
};

struct users_cgroup {
	char *path;
	size_t page_bytes;
	unsigned long in_use, reserved; /* pages */
};

struct users {
	struct holder *holders; /* largest first */
	size_t count;
	struct users_pool pools[PAGES_SIZES_MAX];
	int pool_count;
	struct users_cgroup *cgroups; /* largest first */
	size_t cgroup_count;
	bool readable;        /* false without /proc */
	bool cgroups_counted; /* from the hugetlb controller; otherwise summed over the processes */
	unsigned long processes;
	unsigned long hidden_processes, hidden_kb; /* that have pages and that the caller may not
						    * read */
	bool frames_seen; /* otherwise pages that a fork left shared count once for each process */
	int node_count;
};

const char *users_kind_name(enum holder_kind kind); /* "process" */

void users_read(struct users *users);
void users_free(struct users *users);

/* Prints at most limit holders; 0: all, and the tables of pools and cgroups. */
void users_print(const struct users *users, size_t limit);

struct json;
void users_json(const struct users *users, struct json *json);

/* Prints a holder without figures: "redis, process 12, user root". */
void users_print_name(const struct holder *holder, FILE *out);

/* The part of the cgroups: fills in the counts of the hugetlb controller. False: there is none. */
bool users_read_cgroups(struct users *users);
void users_add_cgroup(struct users *users, const char *path, size_t page_bytes,
		      unsigned long in_use, unsigned long reserved);

#endif
