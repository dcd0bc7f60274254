/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --compare: runs a program plain and with huge pages, in turn, and prints the difference and its
 * confidence.
 */
#ifndef HUGECTL_COMPARE_H
#define HUGECTL_COMPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "tools/common/counters.h"
#include "tools/hugectl/hugectl.h"

#define COMPARE_RUNS_DEFAULT 5
#define COMPARE_RUNS_MAX     1000
#define COMPARE_VARIANTS_MAX 8

enum measure {
	MEASURE_WALL,   /* seconds; with a load command: the load's */
	MEASURE_CPU,    /* seconds */
	MEASURE_KERNEL, /* seconds of these */
	MEASURE_FAULTS,
	MEASURE_MEMORY,  /* kB at the peak, small and huge, total of the processes */
	MEASURE_HUGETLB, /* kB of that on hugetlb pages, at their peak */
	MEASURE_CYCLES,  /* from here on in user mode, if the CPU counts it */
	MEASURE_DTLB,
	MEASURE_ITLB,
	MEASURE_WALKS,
	MEASURE_COUNT,
};

#define MEASURE_FIRST_COUNTER MEASURE_CYCLES

struct compare_run {
	double values[MEASURE_COUNT];
	uint32_t known; /* bit n: measure n is known */
	int status;     /* as in a shell; 0 for a server that was ended after the load */
	uint64_t output_hash;
	bool forked;
};

struct variant {
	const char *name;
	const struct request *request; /* NULL: plain */
	struct environment environment;
	struct compare_run *runs; /* without the warm-up */
	char *library_lines;      /* the library's log lines in the last run */
};

struct comparison {
	char **program;
	const struct compare_wish *wish;
	struct variant variants[COMPARE_VARIANTS_MAX]; /* the first one is plain */
	int variant_count, runs;
};

/* Runs the program once. Returns 0, or an exit status if it cannot be run or does not become ready,
 * after printing the reason. */
int compare_run(const struct comparison *comparison, struct variant *variant,
		struct compare_run *run);

/* The median; sorts the list. */
double median_of(double *values, int count);

/* The ratio of the runs of each pair: its geometric mean, and its 95 % confidence interval. */
struct ratio {
	double mean, low, high;
	bool known; /* there are at least two pairs, and no zero */
};

struct ratio ratio_of(const double *plain, const double *other, int count);

enum verdict { VERDICT_LESS, VERDICT_MORE, VERDICT_NONE, VERDICT_UNSURE };

/* Where a loss of time comes from. */
enum cause {
	CAUSE_NONE, /* there is no loss */
	CAUSE_START,
	CAUSE_PROCESSES, /* fork copies, or each process clears */
	CAUSE_CLEARING,
	CAUSE_PROGRAM,
	CAUSE_WAITS,
};

/* What the runs of a variant show against the plain ones; of two medians the first is plain's. */
struct evidence {
	struct ratio time_ratio, cpu_ratio, memory_ratio;
	double seconds[2], cpu[2], kernel[2], memory_kb[2];
	bool forked;
};

struct verdicts {
	enum verdict time, cpu, memory;
	enum cause cause;
};

struct verdicts verdicts_of(const struct evidence *evidence);

/* One sentence about all three, and one about the cause, which is empty where there is none. */
void verdicts_text(const struct evidence *evidence, const struct verdicts *verdicts, char *text,
		   size_t bytes);
void cause_text(const struct evidence *evidence, enum cause cause, char *text, size_t bytes);

void compare_print(const struct comparison *comparison, FILE *out);
void compare_json(const struct comparison *comparison, FILE *out);

/* Median of a measure over a variant's runs; false: it is unknown. */
bool compare_median(const struct comparison *comparison, int variant, enum measure measure,
		    double *median);
struct ratio compare_ratio(const struct comparison *comparison, int variant, enum measure measure);

#endif
