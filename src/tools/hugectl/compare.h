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

struct run {
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
	struct run *runs;    /* without the warm-up */
	char *library_lines; /* the library's log lines in the last run */
};

struct comparison {
	char **program;
	const struct compare_wish *wish;
	struct variant variants[COMPARE_VARIANTS_MAX]; /* the first one is plain */
	int variant_count, runs;
};

/* Runs the program once. Returns 0, or an exit status if it cannot be run or does not become ready,
 * after printing the reason. */
int compare_run(const struct comparison *comparison, struct variant *variant, struct run *run);

/* The median; sorts the list. */
double median_of(double *values, int count);

/* The ratio of the runs of each pair: its geometric mean, and its 95 % confidence interval. */
struct ratio {
	double mean, low, high;
	bool known; /* there are at least two pairs, and no zero */
};

struct ratio ratio_of(const double *plain, const double *other, int count);

enum verdict { VERDICT_FASTER, VERDICT_SLOWER, VERDICT_NONE, VERDICT_UNSURE };

enum verdict verdict_of(const struct ratio *ratio);
void verdict_text(const struct ratio *ratio, char *text, size_t bytes);

void compare_print(const struct comparison *comparison, FILE *out);
void compare_json(const struct comparison *comparison, FILE *out);

/* Median of a measure over a variant's runs; false: it is unknown. */
bool compare_median(const struct comparison *comparison, int variant, enum measure measure,
		    double *median);
struct ratio compare_ratio(const struct comparison *comparison, int variant, enum measure measure);

#endif
