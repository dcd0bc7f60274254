/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory by node: /proc/PID/numa_maps, whose counts are in pages of each line's own size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/json.h"
#include "tools/hugestat/process.h"

bool process_numa_line(const char *line, uint64_t *address, unsigned long *kb)
{
	char *end;
	unsigned long page_kb = 0;
	const char *at;

	memset(kb, 0, PROCESS_NODES_MAX * sizeof(*kb));
	*address = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return false;
	at = strstr(end, " kernelpagesize_kB=");
	if (at)
		page_kb = strtoul(at + strlen(" kernelpagesize_kB="), NULL, 10);
	/* " N<node>=<pages>"; a file's name has its spaces escaped */
	for (at = end; (at = strstr(at, " N")); at = end) {
		unsigned long node = strtoul(at + 2, &end, 10);

		if (end == at + 2 || *end != '=') {
			end = (char *)at + 2;
			continue;
		}
		if (node < PROCESS_NODES_MAX)
			kb[node] = strtoul(end + 1, &end, 10) * page_kb;
	}
	return true;
}

/* Addresses rise in both files. */
static const struct process_mapping *find_mapping(const struct process *process, uint64_t address)
{
	size_t low = 0, high = process->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->mappings[middle].smaps.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == process->count || process->mappings[low].smaps.start > address)
		return NULL;
	return &process->mappings[low];
}

int process_numa_read(const struct process *process, struct process_numa *numa)
{
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *file;

	memset(numa, 0, sizeof(*numa));
	numa->nodes = 1;
	snprintf(path, sizeof(path), "/proc/%d/numa_maps", (int)process->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0) {
		unsigned long kb[PROCESS_NODES_MAX];
		const struct process_mapping *mapping;
		uint64_t address;

		if (!process_numa_line(line, &address, kb))
			continue;
		mapping = find_mapping(process, address);
		for (int node = 0; node < PROCESS_NODES_MAX; node++) {
			if (!kb[node])
				continue;
			numa->kb[mapping ? mapping->part : PART_MAPPINGS][node] += kb[node];
			numa->total_kb[node] += kb[node];
			if (node >= numa->nodes)
				numa->nodes = node + 1;
		}
	}
	free(line);
	fclose(file);
	return 0;
}

static void print_row(const struct process_numa *numa, const char *name, const unsigned long *kb,
		      FILE *out)
{
	fprintf(out, "  %-28s", name);
	for (int node = 0; node < numa->nodes; node++)
		fprintf(out, " %10lu", kb[node]);
	fputc('\n', out);
}

void process_numa_print(const struct process_numa *numa, FILE *out)
{
	fprintf(out, "\nkB by node\n  %-28s", "");
	for (int node = 0; node < numa->nodes; node++)
		fprintf(out, "    node %-2d", node);
	fputc('\n', out);
	for (int part = 0; part < PART_COUNT; part++)
		for (int node = 0; node < numa->nodes; node++) {
			if (!numa->kb[part][node])
				continue;
			print_row(numa, part_name(part), numa->kb[part], out);
			break;
		}
	print_row(numa, "all", numa->total_kb, out);
}

static void put_node(struct json *json, const void *of, size_t node)
{
	const struct process_numa *numa = of;

	json_number(json, "node", node);
	json_number(json, "memory_kb", numa->total_kb[node]);
	json_open(json, "parts_kb", '{');
	for (int part = 0; part < PART_COUNT; part++)
		json_number(json, part_name(part), numa->kb[part][node]);
	json_close(json, '}');
}

void process_numa_json(const struct process_numa *numa, struct json *json)
{
	json_objects(json, "nodes", (size_t)numa->nodes, put_node, numa);
}
