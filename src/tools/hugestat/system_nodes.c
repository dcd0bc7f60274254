/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory by node, as numastat -m shows it: /sys/devices/system/node/node<n>/meminfo.
 */
#include <stdio.h>

#include "tools/common/json.h"
#include "tools/common/nodes.h"
#include "tools/hugestat/system.h"

/* One file per node. */
struct nodes {
	FILE *files[SYSTEM_NODES_MAX];
	int numbers[SYSTEM_NODES_MAX];
	int count;
};

struct figure {
	char name[64], unit[8]; /* "kB", or empty: pages */
	unsigned long long value;
};

static void nodes_open(struct nodes *nodes)
{
	nodes->count = 0;
	for (int node = node_next(MACHINE); node != MACHINE && nodes->count < SYSTEM_NODES_MAX;
	     node = node_next(node)) {
		char path[96];

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
		nodes->files[nodes->count] = fopen(path, "re");
		if (nodes->files[nodes->count])
			nodes->numbers[nodes->count++] = node;
	}
}

static void nodes_close(struct nodes *nodes)
{
	for (int i = 0; i < nodes->count; i++)
		fclose(nodes->files[i]);
}

/* "Node 0 MemTotal:  123 kB". False: there is no further line. */
static bool next_figure(FILE *file, struct figure *figure)
{
	char line[160];

	figure->unit[0] = '\0';
	return fgets(line, sizeof(line), file) &&
	       sscanf(line, "Node %*d %63[^:]: %llu %7s", figure->name, &figure->value,
		      figure->unit) >= 2;
}

/* One column per node: the files have the same lines. */
void system_print_node_memory(void)
{
	struct nodes nodes;
	struct figure figure;
	bool more;

	nodes_open(&nodes);
	fputs("\nMemory by node, kB        ", stdout);
	for (int i = 0; i < nodes.count; i++)
		printf("       node %-3d", nodes.numbers[i]);
	puts(nodes.count ? "" : "none visible");
	for (more = nodes.count > 0; more;) {
		for (int i = 0; i < nodes.count; i++) {
			more = next_figure(nodes.files[i], &figure);
			if (!more)
				break;
			if (!i)
				printf("  %-24s", figure.name);
			printf(" %14llu", figure.value);
		}
		if (more)
			puts(*figure.unit ? "" : "  (pages)");
	}
	nodes_close(&nodes);
}

static void put_node(struct json *json, const void *of, size_t number)
{
	const struct nodes *nodes = of;
	struct figure figure;

	json_number(json, "node", (unsigned long long)nodes->numbers[number]);
	json_open(json, "kb", '{');
	while (next_figure(nodes->files[number], &figure))
		if (*figure.unit)
			json_number(json, figure.name, figure.value);
	json_close(json, '}');
	rewind(nodes->files[number]);
	json_open(json, "pages", '{');
	while (next_figure(nodes->files[number], &figure))
		if (!*figure.unit)
			json_number(json, figure.name, figure.value);
	json_close(json, '}');
}

void system_json_node_memory(struct json *json)
{
	struct nodes nodes;

	nodes_open(&nodes);
	json_objects(json, "nodes", (size_t)nodes.count, put_node, &nodes);
	nodes_close(&nodes);
}
