/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the results of --compare, for people and as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/common/shell_word.h"
#include "tools/common/shown_text.h"
#include "tools/hugectl/compare.h"

#define VERDICT_BYTES 400

static const struct row {
	const char *name, *json_name;
	double unit;
	int digits;
} rows[MEASURE_COUNT] = {
	[MEASURE_WALL] = {"time, s", "wall_s", 1, 3},
	[MEASURE_CPU] = {"cpu, s", "cpu_s", 1, 3},
	[MEASURE_KERNEL] = {"  of it in the kernel", "kernel_s", 1, 3},
	[MEASURE_FAULTS] = {"page faults", "page_faults", 1, 0},
	[MEASURE_MEMORY] = {"peak memory, MB", "peak_kb", 1024, 1},
	[MEASURE_HUGETLB] = {"  of it on hugetlb pages", "peak_hugetlb_kb", 1024, 1},
	[MEASURE_CYCLES] = {"cycles, millions", "cycles", 1e6, 1},
	[MEASURE_DTLB] = {"dTLB misses, thousands", "dtlb_misses", 1e3, 1},
	[MEASURE_ITLB] = {"iTLB misses, thousands", "itlb_misses", 1e3, 1},
	[MEASURE_WALKS] = {"page walks, M cycles", "page_walk_cycles", 1e6, 1},
};

static bool values_of(const struct comparison *comparison, int variant, enum measure measure,
		      double *values)
{
	for (int run = 0; run < comparison->runs; run++) {
		const struct compare_run *one = &comparison->variants[variant].runs[run];

		if (!(one->known & 1u << measure))
			return false;
		values[run] = one->values[measure];
	}
	return true;
}

bool compare_median(const struct comparison *comparison, int variant, enum measure measure,
		    double *median)
{
	double values[COMPARE_RUNS_MAX];
	const bool known = values_of(comparison, variant, measure, values);

	*median = known ? median_of(values, comparison->runs) : 0;
	return known;
}

struct ratio compare_ratio(const struct comparison *comparison, int variant, enum measure measure)
{
	double plain[COMPARE_RUNS_MAX], other[COMPARE_RUNS_MAX];

	if (!values_of(comparison, 0, measure, plain) ||
	    !values_of(comparison, variant, measure, other))
		return (struct ratio){.known = false};
	return ratio_of(plain, other, comparison->runs);
}

static void print_measure(const struct comparison *comparison, int variant, enum measure measure,
			  FILE *out)
{
	const struct row *row = &rows[measure];
	const struct ratio ratio = compare_ratio(comparison, variant, measure);
	double plain, other;

	if (!compare_median(comparison, 0, measure, &plain) ||
	    !compare_median(comparison, variant, measure, &other) || (!plain && !other))
		return;
	fprintf(out, "  %-26s %12.*f %14.*f", row->name, row->digits, plain / row->unit,
		row->digits, other / row->unit);
	if (ratio.known)
		fprintf(out, " %8.2f  %.2f to %.2f", ratio.mean, ratio.low, ratio.high);
	fputc('\n', out);
}

static struct evidence evidence_of(const struct comparison *comparison, int variant)
{
	struct evidence evidence = {
		.time_ratio = compare_ratio(comparison, variant, MEASURE_WALL),
		.cpu_ratio = compare_ratio(comparison, variant, MEASURE_CPU),
		.memory_ratio = compare_ratio(comparison, variant, MEASURE_MEMORY),
		.forked = comparison->variants[variant].runs[0].forked,
	};

	for (int i = 0; i < 2; i++) {
		const int which = i ? variant : 0;

		compare_median(comparison, which, MEASURE_WALL, &evidence.seconds[i]);
		compare_median(comparison, which, MEASURE_CPU, &evidence.cpu[i]);
		compare_median(comparison, which, MEASURE_KERNEL, &evidence.kernel[i]);
		compare_median(comparison, which, MEASURE_MEMORY, &evidence.memory_kb[i]);
	}
	return evidence;
}

static void print_labelled(const char *label, const char *text, FILE *out)
{
	text_wrap(text, fprintf(out, "  %-8s ", label), 11, out);
}

static void print_verdict(const struct comparison *comparison, int variant, FILE *out)
{
	const struct evidence evidence = evidence_of(comparison, variant);
	const struct verdicts verdicts = verdicts_of(&evidence);
	char text[VERDICT_BYTES];

	verdicts_text(&evidence, &verdicts, text, sizeof(text));
	print_labelled("verdict", text, out);
	cause_text(&evidence, verdicts.cause, text, sizeof(text));
	if (*text)
		print_labelled("cause", text, out);
}

/* Were hugetlb pages asked for? Not by thp, and not by auto for a program that stays small. */
static bool asks_for_hugetlb(const struct environment *environment)
{
	static const char *const variables[] = {"HUGETLB_MORECORE", "HUGETLB_MMAP", "HUGETLB_SHM"};

	for (int i = 0; i < environment->count; i++) {
		const char *value = environment->changes[i].value;

		for (size_t v = 0; value && v < sizeof(variables) / sizeof(variables[0]); v++)
			if (!strcmp(environment->changes[i].name, variables[v]) &&
			    strcmp(value, "no") && !strstr(value, "thp") && !strstr(value, "auto"))
				return true;
	}
	return false;
}

static void print_notes(const struct comparison *comparison, int variant, FILE *out)
{
	const struct variant *of = &comparison->variants[variant];
	bool same_output = true;
	double hugetlb;

	for (int run = 0; run < comparison->runs; run++)
		same_output &=
			of->runs[run].output_hash == comparison->variants[0].runs[run].output_hash;
	if (asks_for_hugetlb(&of->environment) &&
	    compare_median(comparison, variant, MEASURE_HUGETLB, &hugetlb) && !hugetlb)
		fputs("  note     No hugetlb page was in use: run hugestat --check.\n", out);
	if (!same_output && !comparison->wish->ready)
		fputs("  note     The program's output differs between runs.\n", out);
	if (of->library_lines) {
		char *rest = of->library_lines, *line;

		for (int i = 0; i < 3 && (line = strsep(&rest, "\n")) && *line; i++) {
			fputs("  note     ", out);
			text_show(line, out);
			fputc('\n', out);
		}
	}
}

static void print_variant(const struct comparison *comparison, int variant, FILE *out)
{
	fprintf(out, "\n  %-26s %12s %14s %8s  %s\n", "medians", "plain",
		comparison->variants[variant].name, "ratio", "95 % sure");
	for (int measure = 0; measure < MEASURE_COUNT; measure++)
		print_measure(comparison, variant, (enum measure)measure, out);
	print_verdict(comparison, variant, out);
	print_notes(comparison, variant, out);
}

/* Other load on the machine changes times a lot, and CPU times little. */
static void print_load(FILE *out)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double load;

	if (getloadavg(&load, 1) == 1 && load > 1.5 * (double)cpus + 1)
		fprintf(out,
			"\n  The machine is busy (load average %.0f, %ld CPUs): CPU time is more "
			"reliable.\n",
			load, cpus);
}

void compare_print(const struct comparison *comparison, FILE *out)
{
	for (char *const *word = comparison->program; *word; word++) {
		shell_word_write(*word, out);
		fputc(word[1] ? ' ' : '\n', out);
	}
	fprintf(out, "  %d runs of each variant in turn, after a warm-up run\n", comparison->runs);
	if (comparison->wish->load)
		fputs("  time: the load command; CPU time and memory: the server\n", out);
	if (comparison->wish->all_features)
		fputs("  with all features: --heap --mmap --shm --text --data --libs\n", out);
	if (comparison->wish->automatic)
		fputs("  with --auto\n", out);
	for (int variant = 1; variant < comparison->variant_count; variant++)
		print_variant(comparison, variant, out);
	print_load(out);
}

static void put_run(struct json *json, const void *of, size_t number)
{
	const struct compare_run *run = (const struct compare_run *)of + number;

	for (int measure = 0; measure < MEASURE_COUNT; measure++)
		if (run->known & 1u << measure)
			json_real(json, rows[measure].json_name, run->values[measure]);
	json_number(json, "exit_status", (unsigned long long)run->status);
}

static const char *const time_verdicts[] = {
	[VERDICT_LESS] = "faster",
	[VERDICT_MORE] = "slower",
	[VERDICT_NONE] = "no difference",
	[VERDICT_UNSURE] = "not sure",
};

static const char *const other_verdicts[] = {
	[VERDICT_LESS] = "less",
	[VERDICT_MORE] = "more",
	[VERDICT_NONE] = "no difference",
	[VERDICT_UNSURE] = "not sure",
};

static const char *const causes[] = {
	[CAUSE_START] = "start",     [CAUSE_PROCESSES] = "fork", [CAUSE_CLEARING] = "clearing",
	[CAUSE_PROGRAM] = "program", [CAUSE_WAITS] = "waiting",  [CAUSE_NONE] = NULL,
};

static void put_verdict(const struct comparison *comparison, int variant, struct json *json)
{
	const struct evidence evidence = evidence_of(comparison, variant);
	const struct verdicts verdicts = verdicts_of(&evidence);
	char text[VERDICT_BYTES];

	verdicts_text(&evidence, &verdicts, text, sizeof(text));
	json_text(json, "verdict", time_verdicts[verdicts.time]);
	json_text(json, "cpu_verdict", other_verdicts[verdicts.cpu]);
	json_text(json, "memory_verdict", other_verdicts[verdicts.memory]);
	json_text(json, "cause", causes[verdicts.cause]);
	json_text(json, "verdict_text", text);
}

static void put_ratios(const struct comparison *comparison, int variant, struct json *json)
{
	json_open(json, "ratios", '{');
	for (int measure = 0; measure < MEASURE_COUNT; measure++) {
		const struct ratio ratio =
			compare_ratio(comparison, variant, (enum measure)measure);

		if (!ratio.known)
			continue;
		json_open(json, rows[measure].json_name, '{');
		json_real(json, "mean", ratio.mean);
		json_real(json, "low", ratio.low);
		json_real(json, "high", ratio.high);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void put_variant(struct json *json, const void *of, size_t number)
{
	const struct comparison *comparison = of;
	const struct variant *variant = &comparison->variants[number];

	json_text(json, "name", variant->name);
	json_open(json, "environment", '{');
	for (int i = 0; i < variant->environment.count; i++)
		json_text(json, variant->environment.changes[i].name,
			  variant->environment.changes[i].value);
	json_close(json, '}');
	json_objects(json, "runs", (size_t)comparison->runs, put_run, variant->runs);
	json_open(json, "medians", '{');
	for (int measure = 0; measure < MEASURE_COUNT; measure++) {
		double median;

		if (compare_median(comparison, (int)number, (enum measure)measure, &median))
			json_real(json, rows[measure].json_name, median);
	}
	json_close(json, '}');
	json_text(json, "library", variant->library_lines);
	if (number) {
		put_ratios(comparison, (int)number, json);
		put_verdict(comparison, (int)number, json);
	}
}

void compare_json(const struct comparison *comparison, FILE *out)
{
	struct json json = {.stream = out};

	json_document(&json);
	json_open(&json, "program", '[');
	for (char *const *word = comparison->program; *word; word++)
		json_text(&json, NULL, *word);
	json_close(&json, ']');
	json_objects(&json, "variants", (size_t)comparison->variant_count, put_variant, comparison);
	json_close(&json, '}');
}
