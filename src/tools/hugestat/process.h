/*
 * The memory of one process by its parts, and what kind of page each is on.
 */
#ifndef HUGESTAT_PROCESS_H
#define HUGESTAT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "pages/pages.h"
#include "pages/smaps.h"

enum part {
	PART_TEXT,     /* the program's code and constants */
	PART_DATA,     /* its initialised variables */
	PART_BSS,      /* its zeroed variables */
	PART_BREAK,    /* heap that grows at the break: [heap], or libhugetlbfs's main region */
	PART_ARENAS,   /* heaps of threads, and libhugetlbfs's region for them and for big blocks */
	PART_MAPPINGS, /* other anonymous private memory */
	PART_STACKS,
	PART_LIBRARIES, /* text and data of shared objects, the loader included */
	PART_SHARED,    /* shared memory: System V, POSIX, memfd, shared anonymous */
	PART_FILES,     /* other files */
	PART_KERNEL,    /* [vdso] and the like */
	PART_COUNT,
};

/* kB, as smaps counts them. */
struct usage {
	unsigned long memory;                   /* Rss and hugetlb */
	unsigned long hugetlb[PAGES_SIZES_MAX]; /* by struct process's hugetlb_sizes */
	unsigned long thp;                      /* anonymous */
	unsigned long shmem_thp, file_thp;
	unsigned long small;
	unsigned long swap;
};

struct process_mapping {
	struct smaps_mapping smaps;
	enum part part;
};

struct process {
	pid_t pid;
	char name[64];
	struct process_mapping *mappings;
	size_t count;
	size_t hugetlb_sizes[PAGES_SIZES_MAX]; /* bytes, rising; those that occur */
	int hugetlb_size_count;
	struct usage parts[PART_COUNT], total;
};

/* Returns 0 or -errno (-ESRCH: no such process, or one without memory). Then free it. */
int process_read(struct process *process, pid_t pid);
void process_free(struct process *process);

/* Which column of usage.hugetlb a page size has; -1: none. */
int process_hugetlb_column(const struct process *process, size_t page_bytes);

/* kB on huge pages of any kind. */
unsigned long usage_huge_kb(const struct usage *usage);

/* "text", and its name in JSON. */
const char *part_name(enum part part);

/* Sets the part of each mapping, by what the process's files say. */
void process_classify(struct process *process);

void process_print(const struct process *process, bool verbose, FILE *out);

struct json;
void process_json(const struct process *process, bool verbose, struct json *json);

/*
 * The processes of a PID or a name (the command's, or its file's last component) into *pids, which
 * the caller frees. Returns how many, or -errno.
 */
int process_find(const char *operand, pid_t **pids);

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

/* One line of numa_maps: its address and the kB on each node. False: no such line. */
bool process_numa_line(const char *line, uint64_t *address, unsigned long *kb);

#endif
