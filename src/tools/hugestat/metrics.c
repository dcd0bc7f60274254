/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenMetrics text: see metrics.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/metrics.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/system.h"
#include "tools/hugestat/users.h"

/* A label and its value; a list of them ends with a NULL name. */
struct label {
	const char *name, *value;
};

/* type: "gauge", or NULL for a counter. */
static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n", name, help);
	if (type)
		fprintf(out, "# TYPE %s %s\n", name, type);
}

/* Backslash, quote and newline are escaped by a backslash; bytes that are not UTF-8 become
 * U+FFFD. */
static void put_value(FILE *out, const char *text)
{
	while (*text) {
		uint32_t code;
		const size_t bytes = text_character(text, &code);

		if (!bytes)
			fputs("\xef\xbf\xbd", out);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fwrite(text, 1, bytes, out);
		text += bytes ? bytes : 1;
	}
}

static void sample(FILE *out, const char *name, const struct label *labels, double value)
{
	const char *separator = "{";

	fputs(name, out);
	for (; labels->name; labels++) {
		fprintf(out, "%s%s=\"", separator, labels->name);
		put_value(out, labels->value);
		putc('"', out);
		separator = ",";
	}
	fprintf(out, "%s %.15g\n", *separator == ',' ? "}" : "", value);
}

#define SAMPLE(out, name, value, ...) \
	sample(out, name, (const struct label[]){__VA_ARGS__{NULL, NULL}}, (double)(value))

static const char *number_text(char text[24], unsigned long long number)
{
	snprintf(text, 24, "%llu", number);
	return text;
}

static void put_pools(FILE *out, const struct system *system)
{
	family(out, "hugestat_pool_pages", "gauge", "Pages of a pool of huge pages.");
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];
		const struct {
			const char *state;
			unsigned long pages;
		} states[] = {
			{"total", pool->pool.total},           {"free", pool->pool.available},
			{"reserved", pool->pool.reserved},     {"surplus", pool->pool.surplus},
			{"overcommit", pool->pool.overcommit},
		};
		char kb[24];

		number_text(kb, pool->page_bytes >> 10);
		for (size_t s = 0; pool->readable && s < sizeof(states) / sizeof(states[0]); s++)
			SAMPLE(out, "hugestat_pool_pages", states[s].pages, {"page_kb", kb},
			       {"state", states[s].state}, );
	}
	family(out, "hugestat_pool_node_pages", "gauge", "Pages of a pool on a NUMA node.");
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];
		char kb[24], node[24];

		number_text(kb, pool->page_bytes >> 10);
		for (int n = 0; n < pool->node_count; n++) {
			number_text(node, (unsigned long long)pool->nodes[n].node);
			SAMPLE(out, "hugestat_pool_node_pages", pool->nodes[n].total,
			       {"page_kb", kb}, {"node", node}, {"state", "total"}, );
			SAMPLE(out, "hugestat_pool_node_pages", pool->nodes[n].available,
			       {"page_kb", kb}, {"node", node}, {"state", "free"}, );
		}
	}
}

/* Rows with the same command are one sample: there may be thousands of processes. */
static void put_holders(FILE *out, const struct users *users)
{
	family(out, "hugestat_holder_pages", "gauge",
	       "Huge pages by holder; processes of one name together.");
	for (size_t i = 0; i < users->count; i++) {
		const struct holder *holder = &users->holders[i];
		unsigned long in_use = 0, reserved = 0;
		bool first = true;
		char kb[24];

		for (size_t j = 0; j < users->count; j++) {
			const struct holder *other = &users->holders[j];

			if (other->kind != holder->kind ||
			    other->page_bytes != holder->page_bytes ||
			    strcmp(other->name, holder->name))
				continue;
			first &= j >= i;
			in_use += other->in_use;
			reserved += other->reserved;
		}
		if (!first)
			continue;
		number_text(kb, holder->page_bytes >> 10);
		SAMPLE(out, "hugestat_holder_pages", in_use, {"page_kb", kb},
		       {"kind", users_kind_name(holder->kind)}, {"name", holder->name},
		       {"state", "in_use"}, );
		SAMPLE(out, "hugestat_holder_pages", reserved, {"page_kb", kb},
		       {"kind", users_kind_name(holder->kind)}, {"name", holder->name},
		       {"state", "reserved"}, );
	}
}

static void put_unnamed(FILE *out, const struct users *users)
{
	family(out, "hugestat_unnamed_pages", "gauge",
	       "Pages in use that no process, segment or file accounts for.");
	for (int i = 0; i < users->pool_count; i++) {
		const struct users_pool *pool = &users->pools[i];
		char kb[24];

		SAMPLE(out, "hugestat_unnamed_pages",
		       pool->in_use > pool->held_in_use ? pool->in_use - pool->held_in_use : 0,
		       {"page_kb", number_text(kb, pool->page_bytes >> 10)}, );
	}
	family(out, "hugestat_left_over_pages", "gauge",
	       "Pages of files and segments that no process has.");
	for (int i = 0; i < users->pool_count; i++) {
		unsigned long pages = 0;
		char kb[24];

		for (size_t j = 0; j < users->count; j++)
			if (users->holders[j].left_over &&
			    users->holders[j].page_bytes == users->pools[i].page_bytes)
				pages += users->holders[j].in_use + users->holders[j].reserved;
		SAMPLE(out, "hugestat_left_over_pages", pages,
		       {"page_kb", number_text(kb, users->pools[i].page_bytes >> 10)}, );
	}
}

static void put_cgroups(FILE *out, const struct users *users)
{
	family(out, "hugestat_cgroup_pages", "gauge", "Huge pages by cgroup.");
	for (size_t i = 0; i < users->cgroup_count; i++) {
		const struct users_cgroup *group = &users->cgroups[i];
		char kb[24];

		number_text(kb, group->page_bytes >> 10);
		SAMPLE(out, "hugestat_cgroup_pages", group->in_use, {"cgroup", group->path},
		       {"page_kb", kb}, {"state", "in_use"}, );
		SAMPLE(out, "hugestat_cgroup_pages", group->reserved, {"cgroup", group->path},
		       {"page_kb", kb}, {"state", "reserved"}, );
	}
}

static bool is_event(const char *name)
{
	static const char *const prefixes[] = {"thp_", "compact_", "htlb_"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static void put_events(FILE *out)
{
	FILE *file = fopen("/proc/vmstat", "re");
	unsigned long long value;
	char name[64];

	family(out, "hugestat_events_total", NULL, "Counters of /proc/vmstat on huge pages.");
	while (file && fscanf(file, "%63s %llu", name, &value) == 2)
		if (is_event(name))
			SAMPLE(out, "hugestat_events_total", value, {"event", name}, );
	if (file)
		fclose(file);
}

static void put_thp(FILE *out, const struct system *system)
{
	family(out, "hugestat_thp_mode", "gauge",
	       "Mode of transparent huge pages (the label) in force.");
	if (system->thp_enabled[0])
		SAMPLE(out, "hugestat_thp_mode", 1, {"mode", system->thp_enabled}, );
	family(out, "hugestat_thp_pages", "gauge",
	       "Anonymous transparent huge pages in use, by size.");
	for (int i = 0; i < system->thp_size_count; i++) {
		char kb[24];

		SAMPLE(out, "hugestat_thp_pages", system->thp_sizes[i].in_use,
		       {"page_kb", number_text(kb, system->thp_sizes[i].kb)}, );
	}
	family(out, "hugestat_thp_size_events_total", NULL,
	       "Counters of transparent huge pages, by size.");
	for (int i = 0; i < system->thp_size_count; i++) {
		const struct system_thp_size *size = &system->thp_sizes[i];
		char kb[24];

		number_text(kb, size->kb);
		SAMPLE(out, "hugestat_thp_size_events_total", size->fault_alloc, {"page_kb", kb},
		       {"event", "fault_alloc"}, );
		SAMPLE(out, "hugestat_thp_size_events_total", size->fault_fallback, {"page_kb", kb},
		       {"event", "fault_fallback"}, );
		SAMPLE(out, "hugestat_thp_size_events_total", size->split, {"page_kb", kb},
		       {"event", "split"}, );
	}
}

/* Adds up the tables of all processes with that name. */
static unsigned int add_processes(const char *operand, struct usage_table *sum)
{
	pid_t *pids;
	const int count = process_find(operand, &pids);
	unsigned int added = 0;

	for (int i = 0; i < count; i++) {
		struct process process;

		if (process_read(&process, pids[i]))
			continue;
		for (size_t m = 0; m < process.count; m++) {
			struct usage_figures figures;

			usage_figures(&figures, &process.mappings[m].smaps);
			usage_add(sum, process.mappings[m].part, &figures);
		}
		process_free(&process);
		added++;
	}
	free(pids);
	return added;
}

static void put_usage(FILE *out, const char *name, const struct usage_table *table, enum part part)
{
	const struct usage *usage = &table->parts[part];
	const struct {
		const char *pages;
		unsigned long kb;
	} kinds[] = {
		{"thp", usage->thp},
		{"shmem_thp", usage->shmem_thp},
		{"file_thp", usage->file_thp},
		{"small", usage->small},
	};

	if (!usage->memory)
		return;
	for (int i = 0; i < table->hugetlb_size_count; i++) {
		char pages[48];

		snprintf(pages, sizeof(pages), "hugetlb_%zu", table->hugetlb_sizes[i] >> 10);
		SAMPLE(out, "hugestat_process_memory_bytes", (double)usage->hugetlb[i] * 1024,
		       {"name", name}, {"part", part_name(part)}, {"pages", pages}, );
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		SAMPLE(out, "hugestat_process_memory_bytes", (double)kinds[i].kb * 1024,
		       {"name", name}, {"part", part_name(part)}, {"pages", kinds[i].pages}, );
}

static void put_processes(FILE *out, const struct hugestat_options *options)
{
	struct usage_table *tables = calloc((size_t)options->operand_count + 1, sizeof(*tables));

	if (!tables)
		abort();
	family(out, "hugestat_processes", "gauge", "Processes of a name.");
	for (int i = 0; i < options->operand_count; i++)
		SAMPLE(out, "hugestat_processes", add_processes(options->operands[i], &tables[i]),
		       {"name", options->operands[i]}, );
	family(out, "hugestat_process_memory_bytes", "gauge",
	       "Memory of the processes of a name, by part and kind of page.");
	for (int i = 0; i < options->operand_count; i++)
		for (int part = 0; part < PART_COUNT; part++)
			put_usage(out, options->operands[i], &tables[i], (enum part)part);
	free(tables);
}

static void put_all(FILE *out, const struct hugestat_options *options)
{
	static struct system system;
	struct timespec start, end;
	struct users users;

	clock_gettime(CLOCK_MONOTONIC, &start);
	system_read(&system);
	users_read(&users);
	family(out, "hugestat_schema_version", "gauge", "Rises when a metric changes its meaning.");
	SAMPLE(out, "hugestat_schema_version", JSON_VERSION, );
	put_pools(out, &system);
	put_holders(out, &users);
	put_unnamed(out, &users);
	put_cgroups(out, &users);
	put_thp(out, &system);
	put_events(out);
	put_processes(out, options);
	users_free(&users);
	clock_gettime(CLOCK_MONOTONIC, &end);
	family(out, "hugestat_scrape_seconds", "gauge", "How long reading this took.");
	SAMPLE(out, "hugestat_scrape_seconds",
	       (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9, );
	fputs("# EOF\n", out);
}

static int failed(const char *path)
{
	fprintf(stderr, "hugestat: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

/* Readers see the file before or after, never half of it. */
static int replace_file(const struct hugestat_options *options)
{
	char *beside;
	FILE *out;
	int fd, status = EXIT_SUCCESS;

	if (asprintf(&beside, "%s.XXXXXX", options->output) < 0)
		abort();
	fd = mkostemp(beside, 0);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		status = failed(beside);
	} else {
		put_all(out, options);
		if (fchmod(fd, 0644) || ferror(out) | fclose(out) ||
		    rename(beside, options->output)) {
			status = failed(options->output);
			unlink(beside);
		}
	}
	free(beside);
	return status;
}

int write_metrics(const struct hugestat_options *options)
{
	if (options->output)
		return replace_file(options);
	put_all(stdout, options);
	return EXIT_SUCCESS;
}
