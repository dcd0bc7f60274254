/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds huge pages: the processes, System V segments and files that have pages of each pool, in
 * use and reserved, on which nodes; what remains of a pool's pages is held by nobody that can be
 * named. Each page in use counts for one holder, so the figures add up to those of the pools.
 *
 * Reading takes a pass over /proc/PID/maps and /proc/PID/fd of all processes; only mappings of
 * huge pages are looked into further. Memory that is short ends the tool.
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
	unsigned long nodes[SYSTEM_NODES_MAX]; /* of in_use, as far as a process maps them */
	char *name;                            /* the command; the path; "memfd:..." */
	uid_t uid;
	char *cgroup;     /* of a process; NULL: unknown */
	pid_t pid;        /* of a process */
	long id, key;     /* of a System V segment */
	pid_t *processes; /* that have the segment or file open or mapped */
	size_t process_count;
	bool left_over;    /* no process has it */
	char command[600]; /* for a shell: frees what is left over; or empty */
};

struct users_pool {
	size_t page_bytes;
	unsigned long total, in_use, reserved;    /* as the pool has them */
	unsigned long held_in_use, held_reserved; /* by the holders */
};

struct users_cgroup {
	char *path;
	size_t page_bytes;
	unsigned long in_use, reserved; /* pages */
};

struct users {
	struct holder *holders; /* most bytes first */
	size_t count;
	struct users_pool pools[PAGES_SIZES_MAX];
	int pool_count;
	struct users_cgroup *cgroups; /* most bytes first */
	size_t cgroup_count;
	bool cgroups_counted; /* by the hugetlb controller; else summed over the processes */
	unsigned long processes;
	unsigned long hidden_processes, hidden_kb; /* that have pages and that you may not read */
	bool frames_seen; /* else pages that a fork left shared count once for each process */
	int node_count;
};

const char *users_kind_name(enum holder_kind kind); /* "process" */

void users_read(struct users *users);
void users_free(struct users *users);

/* At most so many holders; 0: all, and the tables of pools and cgroups. */
void users_print(const struct users *users, size_t limit);

struct json;
void users_json(const struct users *users, struct json *json);

/* What the kernel calls its holder, without the figures: "redis, process 12, user root". */
void users_print_name(const struct holder *holder, FILE *out);

/* The cgroups' part: fills in what the hugetlb controller counts. False: there is none. */
bool users_read_cgroups(struct users *users);
void users_add_cgroup(struct users *users, const char *path, size_t page_bytes,
		      unsigned long in_use, unsigned long reserved);

#endif
