/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --advise: what a program's memory is like on small pages, and what huge pages may do for it.
 */
#ifndef HUGESTAT_ADVISE_H
#define HUGESTAT_ADVISE_H

#include <stdio.h>

#include "tools/hugestat/advise_touch.h"
#include "tools/hugestat/options.h"
#include "tools/hugestat/process.h"

/* What was seen of a process. */
struct sight {
	char name[64];
	pid_t pid;
	bool is_static; /* no library can be preloaded into it */
	struct {
		unsigned long memory_kb, huge_kb;
		unsigned long dense_blocks; /* huge pages' ranges of which half is in use */
		unsigned long holes_kb;     /* in these, that are not in use yet */
		unsigned long sparse_kb;    /* not in use in the other ranges of mappings in use */
	} parts[PART_COUNT];
	unsigned long code_kb;     /* executable, of files */
	unsigned long segments_kb; /* System V shared memory on small pages */
	size_t huge_bytes, base_bytes;
	unsigned long long faults;
	double cpu_seconds;
	bool walks_known;
	double walks; /* share of the cycles that page walks took */
	struct touch touch;
};

/* What follows from it; judges only what is in the sight. */
struct advice {
	bool heap, mmap, text, shm;
	bool automatic; /* heap and mappings by --auto, which leaves what is sparse alone */
	unsigned long pool_pages, memory_kb; /* that it takes; memory: more than now */
	double low, high;                    /* share of the time that may be gained */
	double faults_low, faults_high;      /* of that, by fewer page faults */
	enum advice_verdict { ADVICE_NO, ADVICE_PERHAPS, ADVICE_YES } verdict;
};

/* Looks at the process. Returns 0 or -errno. */
int sight_take(struct sight *sight, pid_t pid);

void advise(const struct sight *sight, struct advice *advice);

/* command: the words of the program; NULL: only its name is known. */
void advice_print(const struct sight *sight, const struct advice *advice, char *const command[],
		  FILE *out);
struct json;
void advice_json(const struct sight *sight, const struct advice *advice, struct json *json);

/* Returns exit statuses: of a process that runs, and of a program that is run for it. */
int advise_process(pid_t pid, struct json *json);
int advise_program(const struct hugestat_options *options);

#endif
