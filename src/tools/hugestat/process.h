/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of one process by its parts, and the kind of page of each.
 */
#ifndef HUGESTAT_PROCESS_H
#define HUGESTAT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "proc/pagemap.h"
#include "usage/files.h"

struct process_mapping {
	struct smaps_mapping smaps;
	enum part part;
};

struct process {
	pid_t pid;
	char name[64];
	struct process_mapping *mappings;
	size_t count;
	struct usage_table table;
	struct usage_files files;
};

/* Returns 0 or -errno (-ESRCH: no such process, or one without memory). The caller must free it. */
int process_read(struct process *process, pid_t pid);
void process_free(struct process *process);

/* Sets the part of each mapping, using the process's files. Returns 0 or -errno. */
int process_classify(struct process *process);

void process_print(const struct process *process, bool verbose, FILE *out);

struct json;
void process_json(const struct process *process, bool verbose, struct json *json);

struct process_stat {
	unsigned long long minor_faults, major_faults;
	unsigned long long cpu_ticks; /* user and kernel */
	unsigned long long start;     /* ticks after boot */
};

/* From /proc/PID/stat. False: there is no such process. */
bool process_stat(pid_t pid, struct process_stat *stat);

/*
 * Finds the processes with a PID or a name (the command's, or its file's last component) and stores
 * them in *pids, which the caller frees. Returns how many, or -errno.
 */
int process_find(const char *operand, pid_t **pids);

/* For another process: as pagemap_open(). */
void process_pagemap(struct pagemap *pagemap, pid_t pid);

/* How many of count base pages from a page number on are present; count is at most a huge page.
 * False: that is not visible. */
bool process_count_present(const struct pagemap *pagemap, uint64_t page, size_t count,
			   size_t *present);

/* Memory by part and node from /proc/PID/numa_maps: 0 or -errno. */
#define PROCESS_NODES_MAX 64
struct process_numa {
	unsigned long kb[PART_COUNT][PROCESS_NODES_MAX];
	unsigned long total_kb[PROCESS_NODES_MAX];
	int nodes; /* one more than the highest that occurs */
};
int process_numa_read(const struct process *process, struct process_numa *numa);
void process_numa_print(const struct process_numa *numa, FILE *out);
void process_numa_json(const struct process_numa *numa, struct json *json);

/* Parses one line of numa_maps: its address and the kB on each node. False: not such a line. */
bool process_numa_line(const char *line, uint64_t *address, unsigned long *kb);

#endif
