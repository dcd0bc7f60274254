/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --compare: see compare.h. The variants, and the order of runs: A B A B, so that changes on the
 * machine affect all of them alike. One additional round comes first and does not count: it fills
 * the caches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/hugectl/compare.h"

/* The variables of a feature. */
static const struct feature {
	const char *name, *variables[2];
} features[] = {
	{"heap", {"HUGETLB_MORECORE", NULL}},
	{"mappings", {"HUGETLB_MMAP", NULL}},
	{"text and data", {"HUGETLB_ELFMAP", "HUGETLB_ELFMAP_OBJECTS"}},
	{"shared memory", {"HUGETLB_SHM", NULL}},
};

#define FEATURES ((int)(sizeof(features) / sizeof(features[0])))

static const struct feature *feature_of(const char *variable)
{
	for (int i = 0; i < FEATURES; i++)
		for (int v = 0; v < 2; v++)
			if (features[i].variables[v] && !strcmp(features[i].variables[v], variable))
				return &features[i];
	return NULL;
}

static bool has_feature(const struct environment *environment, const struct feature *feature)
{
	for (int i = 0; i < environment->count; i++)
		if (feature_of(environment->changes[i].name) == feature)
			return true;
	return false;
}

static struct variant *add_variant(struct comparison *comparison, const char *name)
{
	struct variant *variant = &comparison->variants[comparison->variant_count++];

	variant->name = name;
	variant->runs = calloc((size_t)comparison->runs, sizeof(*variant->runs));
	if (!variant->runs)
		abort();
	return variant;
}

/* Takes from the request's environment this feature's variables, and those of no feature. */
static void take_feature(struct variant *variant, const struct environment *all,
			 const struct feature *feature)
{
	for (int i = 0; i < all->count; i++) {
		const struct feature *of = feature_of(all->changes[i].name);

		if (!of || of == feature)
			environment_set(&variant->environment, all->changes[i].name,
					all->changes[i].value);
	}
}

static void plan_variants(struct comparison *comparison, const struct request *request)
{
	struct variant *plain = add_variant(comparison, "plain");
	const char *preload = getenv("LD_PRELOAD");

	if (preload && *preload)
		environment_set(&plain->environment, "LD_PRELOAD",
				preload_without_library(preload));
	for (int i = 0; request->compare.each && i < FEATURES; i++)
		if (has_feature(&request->environment, &features[i]))
			take_feature(add_variant(comparison, features[i].name),
				     &request->environment, &features[i]);
	add_variant(comparison, request->compare.each ? "all of these" : "huge pages")
		->environment = request->environment;
}

static void show_progress(const struct comparison *comparison, const char *name, int done)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Khugectl: run %d of %d: %s", done + 1,
			(comparison->runs + 1) * comparison->variant_count, name);
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static int run_all(struct comparison *comparison)
{
	int done = 0, status = 0;

	for (int round = -1; round < comparison->runs && !status; round++)
		for (int i = 0; i < comparison->variant_count && !status; i++) {
			struct variant *variant = &comparison->variants[i];
			struct compare_run warm_up;

			show_progress(comparison, variant->name, done++);
			status = compare_run(comparison, variant,
					     round < 0 ? &warm_up : &variant->runs[round]);
		}
	end_progress();
	return status;
}

/* A program that ends differently on huge pages is broken by them, whatever the figures are. */
static bool ends_alike(const struct comparison *comparison)
{
	const int plain = comparison->variants[0].runs[0].status;
	bool alike = true;

	for (int i = 1; i < comparison->variant_count; i++)
		for (int run = 0; run < comparison->runs; run++) {
			const int status = comparison->variants[i].runs[run].status;

			if (status == plain || !alike)
				continue;
			fprintf(stderr,
				"hugectl: %s: exit status %d with %s, %d plain: the figures do not "
				"compare\n",
				comparison->program[0], status, comparison->variants[i].name,
				plain);
			alike = false;
		}
	return alike;
}

int compare_program(const struct request *request, char **program)
{
	static struct comparison comparison;
	int status;

	comparison = (struct comparison){
		.program = program,
		.wish = &request->compare,
		.runs = request->compare.runs,
	};
	plan_variants(&comparison, request);
	for (int i = 1; i < comparison.variant_count; i++)
		comparison.variants[i].request = request;
	status = run_all(&comparison);
	if (status)
		return status;
	if (request->compare.json)
		compare_json(&comparison, stdout);
	else
		compare_print(&comparison, stdout);
	return ends_alike(&comparison) ? EXIT_SUCCESS : EXIT_FAILURE;
}
