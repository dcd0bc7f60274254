/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --advise: how a program uses its memory on small pages, and the benefit that huge pages may have.
 */
#ifndef HUGESTAT_ADVISE_H
#define HUGESTAT_ADVISE_H

#include <stdio.h>

#include "tools/hugestat/advise_touch.h"
#include "tools/hugestat/options.h"
#include "tools/hugestat/process.h"

/* Observations about a process. */
struct sight {
	char name[64];
	pid_t pid;
	bool of_child;  /* of a process that the program started; faults and time are of all */
	bool is_static; /* no library can be preloaded into it */
	struct {
		unsigned long memory_kb, huge_kb;
		unsigned long dense_blocks; /* ranges of a huge page of which at least half is in
					     * use */
		unsigned long holes_kb;     /* the unused memory in these */
		unsigned long sparse_kb;    /* unused memory in the other ranges of mappings in
					     * use */
	} parts[PART_COUNT];
	unsigned long code_kb;  /* executable, of files */
	unsigned long files_kb; /* mapped to be read, on small pages; only large mappings */
	struct usage_files files;
	unsigned long segments_kb; /* System V shared memory on small pages */
	size_t huge_bytes, base_bytes;
	unsigned long long faults;
	double cpu_seconds;
	double fault_seconds; /* what a fault of a small page costs beyond its share of a huge
				 page's */
	double fresh_seconds; /* the same where the huge page is one that the host of this machine
				 has to find memory for; below 0: the small page is cheaper */
	bool walks_known;
	double walks; /* the share of cycles spent in page walks */
	struct touch touch;
};

/*
 * What faults cost on this machine; of the sight it needs the page sizes. fresh_seconds() is to be
 * called before the program frees memory, which the host has then.
 */
double fault_seconds(const struct sight *sight);
double fresh_seconds(const struct sight *sight);

/* The advice; depends only on the observations. */
struct advice {
	bool heap, mmap, files, text, shm;
	bool automatic; /* heap and mappings by --auto, which leaves sparse memory alone */
	unsigned long pool_pages, memory_kb; /* what it needs; memory: how much more than now */
	double low, high;                    /* the share of time that may be gained */
	double faults_low, faults_high;      /* of that, through fewer page faults */
	enum advice_verdict { ADVICE_NO, ADVICE_PERHAPS, ADVICE_YES } verdict;
};

/* Empty, with the page sizes of this machine. */
void sight_begin(struct sight *sight);

/* Observes the process. Returns 0 or -errno; -EAGAIN: it gave memory back meanwhile. */
int sight_take(struct sight *sight, pid_t pid);

void advise(const struct sight *sight, struct advice *advice);

/* command: the words of the program; NULL: only its name is known. */
void advice_print(const struct sight *sight, const struct advice *advice, char *const command[],
		  FILE *out);
struct json;
void advice_json(const struct sight *sight, const struct advice *advice, struct json *json);

/* Return exit statuses: for a running process, and for a program that is run for the advice. */
int advise_process(pid_t pid, struct json *json);
int advise_program(const struct hugestat_options *options);

#endif
