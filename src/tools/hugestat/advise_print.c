/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the advice of --advise for people, and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "pages/pool.h"
#include "tools/common/json.h"
#include "tools/common/shell_word.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/advise.h"

static void print_parts(const struct sight *sight, FILE *out)
{
	const bool touched = sight->touch.means != TOUCH_UNKNOWN;

	fprintf(out, "  %-28s %8s %11s %16s%s\n", "part", "MB", "of it huge", "in dense ranges",
		touched ? "   touched" : "");
	for (int part = 0; part < PART_COUNT; part++) {
		const unsigned long memory_kb = sight->parts[part].memory_kb;

		if (memory_kb < 1024)
			continue;
		fprintf(out, "  %-28s %8lu %11lu %16lu", part_name((enum part)part),
			memory_kb >> 10, sight->parts[part].huge_kb >> 10,
			sight->parts[part].dense_blocks * (unsigned long)(sight->huge_bytes >> 20));
		if (touched)
			fprintf(out, " %9lu", sight->touch.kb[part] >> 10);
		putc('\n', out);
	}
	if (touched)
		fprintf(out, "  touched within %.1f s: by %s\n", sight->touch.seconds,
			sight->touch.means == TOUCH_DAMON
				? "DAMON (samples)"
				: "the accessed bits of its page tables (clear_refs)");
	fprintf(out, "  %llu page faults, %.2f s of CPU time; ", sight->faults, sight->cpu_seconds);
	if (sight->walks_known)
		fprintf(out, "page walks take %.1f %% of its cycles\n", sight->walks * 100);
	else
		fputs("page walks can't be counted here\n", out);
}

static void print_options(const struct advice *advice, FILE *out)
{
	if (advice->automatic)
		fputs(" --auto", out);
	if (advice->heap && !advice->automatic)
		fputs(" --heap", out);
	if (advice->mmap && !advice->automatic)
		fputs(" --mmap", out);
	if (advice->files)
		fputs(" --files", out);
	if (advice->text)
		fputs(" --text --libs", out);
	if (advice->shm)
		fputs(" --shm", out);
}

static void print_command(const struct sight *sight, const struct advice *advice,
			  char *const command[], FILE *out)
{
	fputs("  hugectl", out);
	print_options(advice, out);
	for (; command && *command; command++) {
		putc(' ', out);
		shell_word_write(*command, out);
	}
	if (!command) {
		putc(' ', out);
		text_show(sight->name, out);
	}
	putc('\n', out);
}

static void print_pool(const struct sight *sight, const struct advice *advice, FILE *out)
{
	const unsigned long size_mb = (unsigned long)(sight->huge_bytes >> 20);
	struct pool pool;
	unsigned long obtainable;

	if (!advice->pool_pages)
		return;
	if (pool_read(sight->huge_bytes, &pool)) {
		fputs("  This kernel has no pool for them: --thp instead of --heap.\n", out);
		return;
	}
	obtainable = pool_obtainable(&pool);
	if (obtainable >= advice->pool_pages)
		fprintf(out, "  The pool has the %lu pages of %luM that it needs.\n",
			advice->pool_pages, size_mb);
	else
		fprintf(out,
			"  It needs %lu pages of %luM, and the pool has %lu. As root, before:\n"
			"  hugeadm --pool-pages-min %luM:+%lu\n",
			advice->pool_pages, size_mb, obtainable, size_mb,
			advice->pool_pages - obtainable);
}

static const char taken_back[] =
	"  The host of this machine takes free memory back. A transparent huge page whose\n"
	"  memory it has to find again costs more than its small pages.\n";

static void print_gain(const struct sight *sight, const struct advice *advice, FILE *out)
{
	if (advice->low < 0)
		fprintf(out, "  Expect between %.0f %% more and %.0f %% less CPU time",
			advice->low * -100, advice->high * 100);
	else
		fprintf(out, "  Expect %.0f to %.0f %% less CPU time", advice->low * 100,
			advice->high * 100);
	if (advice->faults_high >= 0.01 && advice->faults_low >= 0)
		fprintf(out, " (%.0f to %.0f %% by fewer page faults)", advice->faults_low * 100,
			advice->faults_high * 100);
	fprintf(out, ".\n  How sure: %s.\n",
		sight->walks_known ? "measured on this run; another may differ"
				   : "faults are counted, the rest is estimated by size");
	if (advice->faults_low < 0)
		fputs(taken_back, out);
	if (advice->automatic)
		fputs("  A large part of its mappings is not in use: --auto leaves it on small "
		      "pages.\n",
		      out);
	if (advice->memory_kb)
		fprintf(out, "  It takes up to %lu MB more memory.\n",
			(advice->memory_kb + 1023) >> 10);
}

static void print_rule(const struct sight *sight, const struct advice *advice, FILE *out)
{
	fputs("  Or in /etc/libhugetlbfs.conf, with the library in LD_PRELOAD:\n    [program=",
	      out);
	text_show(sight->name, out);
	fputs("]\n", out);
	if (advice->heap)
		fprintf(out, "    MORECORE = %s\n", advice->automatic ? "auto" : "yes");
	if (advice->mmap)
		fprintf(out, "    MMAP = %s\n", advice->automatic ? "auto" : "yes");
	if (advice->files)
		fputs("    MMAP_FILES = yes\n", out);
	if (advice->text)
		fputs("    ELFMAP = R\n    ELFMAP_OBJECTS = all\n", out);
	if (advice->shm)
		fputs("    SHM = yes\n", out);
}

void advice_print(const struct sight *sight, const struct advice *advice, char *const command[],
		  FILE *out)
{
	static const char *const verdicts[] = {
		[ADVICE_NO] =
			"Not worth it: there is too little memory in use, or too little to gain.",
		[ADVICE_PERHAPS] = "It may be worth it:",
		[ADVICE_YES] = "Worth it:",
	};

	text_show(sight->name, out);
	fprintf(out, ", process %d%s\n", (int)sight->pid,
		sight->of_child ? ", the largest that the program started" : "");
	print_parts(sight, out);
	if (advice->files) {
		char files[USAGE_FILES_TEXT_BYTES];

		usage_files_text(&sight->files, USAGE_COLUMNS, files, sizeof(files));
		fputs(files, out);
	}
	fprintf(out, "%s\n", verdicts[advice->verdict]);
	if (advice->verdict == ADVICE_NO) {
		if (advice->faults_low < 0)
			fputs(taken_back, out);
		return;
	}
	if (sight->is_static) {
		fputs("  It is linked statically: no library can be preloaded. While it runs:\n",
		      out);
		fprintf(out, "  hugestat --collapse %d\n", (int)sight->pid);
	} else {
		print_command(sight, advice, command, out);
	}
	print_gain(sight, advice, out);
	if (!sight->is_static) {
		print_pool(sight, advice, out);
		print_rule(sight, advice, out);
		fputs("  To measure it: hugectl --compare program ...\n", out);
	}
}

static void put_part(struct json *json, const void *of, size_t part)
{
	const struct sight *sight = of;

	json_text(json, "part", part_name((enum part)part));
	json_number(json, "memory_kb", sight->parts[part].memory_kb);
	json_number(json, "huge_kb", sight->parts[part].huge_kb);
	json_number(json, "dense_ranges", sight->parts[part].dense_blocks);
	json_number(json, "holes_kb", sight->parts[part].holes_kb);
	json_number(json, "sparse_kb", sight->parts[part].sparse_kb);
	if (sight->touch.means == TOUCH_UNKNOWN)
		json_text(json, "touched_kb", NULL);
	else
		json_number(json, "touched_kb", sight->touch.kb[part]);
}

static void put_options(const struct advice *advice, struct json *json)
{
	json_open(json, "options", '[');
	if (advice->automatic)
		json_text(json, NULL, "--auto");
	if (advice->heap && !advice->automatic)
		json_text(json, NULL, "--heap");
	if (advice->mmap && !advice->automatic)
		json_text(json, NULL, "--mmap");
	if (advice->files)
		json_text(json, NULL, "--files");
	if (advice->text) {
		json_text(json, NULL, "--text");
		json_text(json, NULL, "--libs");
	}
	if (advice->shm)
		json_text(json, NULL, "--shm");
	json_close(json, ']');
}

void advice_json(const struct sight *sight, const struct advice *advice, struct json *json)
{
	static const char *const verdicts[] = {
		[ADVICE_NO] = "not worth it",
		[ADVICE_PERHAPS] = "perhaps",
		[ADVICE_YES] = "worth it",
	};

	json_document(json);
	json_number(json, "pid", (unsigned long long)sight->pid);
	json_text(json, "name", sight->name);
	json_boolean(json, "of_child", sight->of_child);
	json_boolean(json, "static", sight->is_static);
	json_number(json, "page_kb", sight->huge_bytes >> 10);
	json_objects(json, "parts", PART_COUNT, put_part, sight);
	json_text(json, "touched_by",
		  (const char *const[]){[TOUCH_UNKNOWN] = NULL,
					[TOUCH_DAMON] = "damon",
					[TOUCH_REFERENCED] = "clear_refs"}[sight->touch.means]);
	json_real(json, "touched_s", sight->touch.seconds);
	json_number(json, "page_faults", sight->faults);
	json_real(json, "cpu_s", sight->cpu_seconds);
	json_real(json, "fault_us", sight->fault_seconds * 1e6);
	json_real(json, "fresh_fault_us", sight->fresh_seconds * 1e6);
	if (sight->walks_known)
		json_real(json, "page_walks_share", sight->walks);
	else
		json_text(json, "page_walks_share", NULL);
	json_text(json, "verdict", verdicts[advice->verdict]);
	put_options(advice, json);
	json_number(json, "pool_pages", advice->pool_pages);
	json_number(json, "more_memory_kb", advice->memory_kb);
	json_real(json, "gain_low", advice->low);
	json_real(json, "gain_high", advice->high);
	json_close(json, '}');
}
