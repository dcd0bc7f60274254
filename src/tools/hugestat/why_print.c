/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --why: prints a process's memory on small pages by reason, and its largest mappings.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/common/json.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/show.h"
#include "tools/hugestat/why.h"

#define MAPPINGS_SHOWN 10
#define REASONS        (WHY_LATER + 1)

struct judged {
	const struct process_mapping *mapping;
	unsigned long small_kb;
	enum why why;
};

static int by_size(const void *a, const void *b)
{
	const struct judged *first = a, *second = b;

	if (first->small_kb != second->small_kb)
		return first->small_kb > second->small_kb ? -1 : 1;
	return first->mapping->smaps.start < second->mapping->smaps.start ? -1 : 1;
}

/* Mappings with memory on small pages, largest first. Returns how many; the caller frees them. */
static size_t judge(const struct process *process, const struct why_facts *facts,
		    struct judged **judged)
{
	size_t count = 0;

	*judged = calloc(process->count + 1, sizeof(**judged));
	if (!*judged)
		abort();
	for (size_t i = 0; i < process->count; i++) {
		const struct smaps_mapping *smaps = &process->mappings[i].smaps;
		const unsigned long huge_kb = smaps->value[SMAPS_ANON_HUGE] +
					      smaps->value[SMAPS_SHMEM_PMD] +
					      smaps->value[SMAPS_FILE_PMD];

		if (smaps_is_hugetlb(smaps) || smaps->value[SMAPS_RSS] <= huge_kb)
			continue;
		(*judged)[count++] = (struct judged){
			&process->mappings[i],
			smaps->value[SMAPS_RSS] - huge_kb,
			why_not_huge(smaps, facts),
		};
	}
	if (count)
		qsort(*judged, count, sizeof(**judged), by_size);
	return count;
}

static void print_reasons(const struct judged *judged, size_t count)
{
	unsigned long kb[REASONS] = {0};

	for (size_t i = 0; i < count; i++)
		kb[judged[i].why] += judged[i].small_kb;
	for (int shown = 0; shown < REASONS; shown++) {
		int most = 0;

		for (int why = 1; why < REASONS; why++)
			if (kb[why] > kb[most])
				most = why;
		if (!kb[most])
			return;
		printf("%10lu kB  %s\n", kb[most], why_reason((enum why)most));
		if (*why_remedy((enum why)most))
			printf("%15s-> %s\n", "", why_remedy((enum why)most));
		kb[most] = 0;
	}
}

static bool any_is(const struct judged *judged, size_t count, enum why why)
{
	for (size_t i = 0; i < count; i++)
		if (judged[i].why == why)
			return true;
	return false;
}

static void print_note(const char *text)
{
	text_wrap(text, printf("  note: "), 8, stdout);
}

/* What may be behind "later", and what the process has nearly used up. */
static void print_notes(const struct why_facts *facts, const struct judged *judged, size_t count,
			size_t mappings)
{
	char text[400];

	if (any_is(judged, count, WHY_LATER)) {
		snprintf(text, sizeof(text),
			 "on the machine since boot %llu first touches got small pages because "
			 "memory was short or fragmented, %llu because of a cgroup's limit; %llu "
			 "huge pages were split; %llu collapses found no free huge page",
			 facts->fallbacks - facts->limited, facts->limited, facts->splits,
			 facts->failed_collapses);
		print_note(text);
	}
	if (mappings <= facts->mappings_max / 10 * 9 || !facts->mappings_max)
		return;
	snprintf(text, sizeof(text),
		 "it has %zu of %lu possible mappings: beyond these no part of a mapping can have "
		 "advice or rights of its own (sysctl vm.max_map_count=%lu)",
		 mappings, facts->mappings_max, 4 * facts->mappings_max);
	print_note(text);
}

static void put_causes(const struct why_facts *facts, size_t mappings, struct json *json)
{
	json_open(json, "limits", '{');
	json_number(json, "mappings", mappings);
	json_number(json, "mappings_max", facts->mappings_max);
	json_close(json, '}');
	json_open(json, "machine", '{');
	json_number(json, "thp_fault_fallback", facts->fallbacks);
	json_number(json, "thp_fault_fallback_charge", facts->limited);
	json_number(json, "thp_split_page", facts->splits);
	json_number(json, "thp_collapse_alloc_failed", facts->failed_collapses);
	json_close(json, '}');
}

static void print_mappings(const struct judged *judged, size_t count, bool all)
{
	puts("\nLargest mappings with small pages");
	for (size_t i = 0; i < count && (all || i < MAPPINGS_SHOWN); i++) {
		const struct process_mapping *mapping = judged[i].mapping;

		printf("%10lu kB  %012llx %-16s ", judged[i].small_kb,
		       (unsigned long long)mapping->smaps.start, why_name(judged[i].why));
		if (*mapping->smaps.name)
			text_show(mapping->smaps.name, stdout);
		else
			fputs(part_name(mapping->part), stdout);
		putchar('\n');
	}
	if (!all && count > MAPPINGS_SHOWN)
		printf("  and %zu more (--verbose)\n", count - MAPPINGS_SHOWN);
}

static void put_mapping(struct json *json, const void *of, size_t number)
{
	const struct judged *judged = (const struct judged *)of + number;
	char text[32];

	snprintf(text, sizeof(text), "%llx", (unsigned long long)judged->mapping->smaps.start);
	json_text(json, "start", text);
	json_text(json, "name", judged->mapping->smaps.name);
	json_text(json, "part", part_name(judged->mapping->part));
	json_number(json, "small_kb", judged->small_kb);
	json_text(json, "why", why_name(judged->why));
	json_text(json, "reason", why_reason(judged->why));
	json_text(json, "remedy", *why_remedy(judged->why) ? why_remedy(judged->why) : NULL);
}

int why_process(pid_t pid, bool all, struct json *json)
{
	struct why_facts facts;
	struct process process;
	struct judged *judged;
	const int result = process_read(&process, pid);
	size_t count;

	if (result) {
		show_failure(pid, result);
		return EXIT_FAILURE;
	}
	why_facts_read(&facts, pid);
	count = judge(&process, &facts, &judged);
	if (json) {
		json_document(json);
		json_number(json, "pid", (unsigned long long)pid);
		json_text(json, "name", process.name);
		json_objects(json, "mappings", count, put_mapping, judged);
		put_causes(&facts, process.count, json);
		json_close(json, '}');
	} else {
		text_show(process.name, stdout);
		printf(", process %d: why memory is on small pages\n", (int)pid);
		print_reasons(judged, count);
		print_notes(&facts, judged, count, process.count);
		print_mappings(judged, count, all);
	}
	free(judged);
	process_free(&process);
	return EXIT_SUCCESS;
}
