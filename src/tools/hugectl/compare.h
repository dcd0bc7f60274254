/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --compare: runs a program plain and with huge pages, in turn, and says what the difference is and
 * how sure that is.
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
	MEASURE_WALL,   /* seconds; with a load command: of that */
	MEASURE_CPU,    /* seconds */
	MEASURE_KERNEL, /* of these */
	MEASURE_FAULTS,
	MEASURE_MEMORY,  /* kB at the peak, small and huge, summed over the processes */
	MEASURE_HUGETLB, /* kB of that on hugetlb pages, at their peak */
	MEASURE_CYCLES,  /* from here on in user mode, where the CPU counts it */
	MEASURE_DTLB,
	MEASURE_ITLB,
	MEASURE_WALKS,
	MEASURE_COUNT,
};

#define MEASURE_FIRST_COUNTER MEASURE_CYCLES

struct run {
	double values[MEASURE_COUNT];
	uint32_t known; /* bit n: measure n */
	int status; /* as a shell has it; of a server that was ended at the end of the load: 0 */
	uint64_t output_hash;
	bool forked;
};

struct variant {
	const char *name;
	const struct request *request; /* NULL: plain */
	struct environment environment;
	struct run *runs;    /* without the warm-up */
	char *library_lines; /* what the library had to say in the last run */
};

struct comparison {
	char **program;
	const struct compare_wish *wish;
	struct variant variants[COMPARE_VARIANTS_MAX]; /* the first one is plain */
	int variant_count, runs;
};

/* Runs the program once. Returns 0, or an exit status where it can't be run or does not get ready,
 * with the reason told. */
int compare_run(const struct comparison *comparison, struct variant *variant, struct run *run);

/* Middle value, of which the list gets sorted. */
double median_of(double *values, int count);

/* The ratio of each pair's runs: its geometric mean, and between what it lies for sure (95 %). */
struct ratio {
	double mean, low, high;
	bool known; /* there are two pairs at least, and no zero */
};

struct ratio ratio_of(const double *plain, const double *other, int count);

enum verdict { VERDICT_FASTER, VERDICT_SLOWER, VERDICT_NONE, VERDICT_UNSURE };

enum verdict verdict_of(const struct ratio *ratio);
void verdict_text(const struct ratio *ratio, char *text, size_t bytes);

void compare_print(const struct comparison *comparison, FILE *out);
void compare_json(const struct comparison *comparison, FILE *out);

/* Median of a measure over a variant's runs; false: it is not known. */
bool compare_median(const struct comparison *comparison, int variant, enum measure measure,
		    double *median);
struct ratio compare_ratio(const struct comparison *comparison, int variant, enum measure measure);

#endif
