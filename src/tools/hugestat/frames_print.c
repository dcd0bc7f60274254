/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints page frames for people and as JSON, with the sizes of transparent huge pages: see
 * frames.h.
 */
#include <stdio.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/hugestat/frames.h"

/* kB on transparent huge pages of each size, in a part of the process or in one mapping. */
struct sizes {
	unsigned long kb[FRAMES_ORDERS];
};

static struct sizes sizes_of_mapping(const struct frames *frames, size_t number)
{
	const unsigned long page_kb = (unsigned long)sysconf(_SC_PAGESIZE) >> 10;
	struct sizes sizes;

	for (int order = 0; order < FRAMES_ORDERS; order++)
		sizes.kb[order] = frames->orders[number][order] * page_kb;
	return sizes;
}

static struct sizes sizes_of_part(const struct frames *frames, const struct process *process,
				  enum part part)
{
	struct sizes sum = {{0}};

	for (size_t i = 0; i < process->count; i++) {
		const struct sizes sizes = sizes_of_mapping(frames, i);

		for (int order = 0; process->mappings[i].part == part && order < FRAMES_ORDERS;
		     order++)
			sum.kb[order] += sizes.kb[order];
	}
	return sum;
}

/* "64K: 128 kB, 2M: 4096 kB"; false: there are none, and nothing was printed. */
static bool print_sizes(const struct sizes *sizes, const char *name, FILE *out)
{
	const unsigned long page_kb = (unsigned long)sysconf(_SC_PAGESIZE) >> 10;
	const char *separator = " ";
	bool any = false;

	for (int order = 0; order < FRAMES_ORDERS; order++) {
		const unsigned long size_kb = page_kb << order;

		if (!sizes->kb[order])
			continue;
		if (!any)
			fprintf(out, "  %-28s", name);
		any = true;
		fprintf(out, "%s%lu%c: %lu kB", separator,
			size_kb >= 1024 ? size_kb >> 10 : size_kb, size_kb >= 1024 ? 'M' : 'K',
			sizes->kb[order]);
		separator = ", ";
	}
	if (any)
		fputc('\n', out);
	return any;
}

static void print_all_sizes(const struct frames *frames, const struct process *process,
			    bool verbose, FILE *out)
{
	bool any = false;

	fputs("\nTransparent huge pages by size\n", out);
	for (int part = 0; part < PART_COUNT; part++) {
		const struct sizes sizes = sizes_of_part(frames, process, (enum part)part);

		any |= print_sizes(&sizes, part_name((enum part)part), out);
	}
	if (!any)
		fputs("  none\n", out);
	for (size_t i = 0; verbose && i < process->count; i++) {
		const struct sizes sizes = sizes_of_mapping(frames, i);
		char range[40];

		snprintf(range, sizeof(range), "%012llx-%012llx",
			 (unsigned long long)process->mappings[i].smaps.start,
			 (unsigned long long)process->mappings[i].smaps.end);
		print_sizes(&sizes, range, out);
	}
}

void frames_print(const struct frames *frames, const struct process *process, bool verbose,
		  FILE *out)
{
	unsigned long page_kb = (unsigned long)sysconf(_SC_PAGESIZE) >> 10;

	fprintf(out,
		"\nPage frames of %lu kB: %lu present, %lu swapped out\n"
		"  of hugetlb pages %lu, of transparent huge pages %lu, others %lu\n"
		"  compound heads %lu, tails %lu\n"
		"  mapped nowhere %lu, once %lu, more often %lu\n",
		page_kb, frames->present, frames->swapped, frames->hugetlb, frames->thp,
		frames->small, frames->heads, frames->tails, frames->by_mappings[0],
		frames->by_mappings[1], frames->by_mappings[2]);
	fprintf(out, "  %-18s %12s %12s  %s\n", "flags", "pages", "kB", "names");
	for (size_t i = 0; i < frames->count; i++) {
		char names[512];

		frames_flag_names(frames->rows[i].flags, names, sizeof(names));
		fprintf(out, "  0x%016llx %12lu %12lu  %s\n",
			(unsigned long long)frames->rows[i].flags, frames->rows[i].pages,
			frames->rows[i].pages * page_kb, names);
	}
	print_all_sizes(frames, process, verbose, out);
}

static void put_sizes(struct json *json, const char *name, const struct sizes *sizes)
{
	const unsigned long page_kb = (unsigned long)sysconf(_SC_PAGESIZE) >> 10;

	json_open(json, name, '{');
	for (int order = 0; order < FRAMES_ORDERS; order++) {
		char size[24];

		if (!sizes->kb[order])
			continue;
		snprintf(size, sizeof(size), "%lu", page_kb << order);
		json_number(json, size, sizes->kb[order]);
	}
	json_close(json, '}');
}

static void put_all_sizes(const struct frames *frames, const struct process *process, bool verbose,
			  struct json *json)
{
	json_open(json, "thp_kb_by_size_kb", '{');
	for (int part = 0; part < PART_COUNT; part++) {
		const struct sizes sizes = sizes_of_part(frames, process, (enum part)part);

		put_sizes(json, part_name((enum part)part), &sizes);
	}
	json_close(json, '}');
	if (!verbose)
		return;
	json_open(json, "thp_kb_by_size_kb_of_mappings", '{');
	for (size_t i = 0; i < process->count; i++) {
		const struct sizes sizes = sizes_of_mapping(frames, i);
		char start[24];

		snprintf(start, sizeof(start), "%llx",
			 (unsigned long long)process->mappings[i].smaps.start);
		put_sizes(json, start, &sizes);
	}
	json_close(json, '}');
}

static void put_row(struct json *json, const void *frames, size_t number)
{
	const struct frames_row *row = &((const struct frames *)frames)->rows[number];
	char text[512];

	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)row->flags);
	json_text(json, "flags", text);
	frames_flag_names(row->flags, text, sizeof(text));
	json_text(json, "names", text);
	json_number(json, "pages", row->pages);
}

void frames_json(const struct frames *frames, const struct process *process, bool verbose,
		 struct json *json)
{
	json_open(json, "frames", '{');
	json_number(json, "page_kb", (unsigned long long)sysconf(_SC_PAGESIZE) >> 10);
	json_number(json, "present", frames->present);
	json_number(json, "swapped", frames->swapped);
	json_number(json, "hugetlb", frames->hugetlb);
	json_number(json, "thp", frames->thp);
	json_number(json, "small", frames->small);
	json_number(json, "compound_heads", frames->heads);
	json_number(json, "compound_tails", frames->tails);
	json_number(json, "mapped_nowhere", frames->by_mappings[0]);
	json_number(json, "mapped_once", frames->by_mappings[1]);
	json_number(json, "mapped_more_often", frames->by_mappings[2]);
	json_objects(json, "by_flags", frames->count, put_row, frames);
	put_all_sizes(frames, process, verbose, json);
	json_close(json, '}');
}
