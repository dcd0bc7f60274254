/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NUMA nodes: see nodes.h.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/nodes.h"

#define NODES "/sys/devices/system/node"

bool node_exists(int node)
{
	char path[64];

	snprintf(path, sizeof(path), NODES "/node%d", node);
	return !access(path, F_OK);
}

int node_next(int node)
{
	DIR *directory = opendir(NODES);
	const struct dirent *entry;
	int next = MACHINE;

	if (!directory)
		return MACHINE;
	while ((entry = readdir(directory))) {
		int found;

		if (strncmp(entry->d_name, "node", 4) || !isdigit((unsigned char)entry->d_name[4]))
			continue;
		found = atoi(entry->d_name + 4);
		if (found > node && (next == MACHINE || found < next))
			next = found;
	}
	closedir(directory);
	return next;
}

int node_count(void)
{
	int count = 0;

	for (int node = node_next(MACHINE); node != MACHINE; node = node_next(node))
		count++;
	return count;
}

void pool_path(char *path, size_t bytes, size_t page_bytes, int node, const char *file)
{
	if (node == MACHINE)
		snprintf(path, bytes, "/sys/kernel/mm/hugepages/hugepages-%zukB/%s",
			 page_bytes >> 10, file);
	else
		snprintf(path, bytes, NODES "/node%d/hugepages/hugepages-%zukB/%s", node,
			 page_bytes >> 10, file);
}
