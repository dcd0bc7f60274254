/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads /proc/self/smaps and adds up the mappings that hold blocks of the heap. A mapping counts
 * with all that is resident in it, so malloc's own words and its free room count too.
 */
#include "heap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAPPINGS_MAX 8192

struct mapping {
	uintptr_t start, end;
	size_t resident_kb, hugetlb_kb, thp_kb;
	bool heap;
};

static struct mapping mappings[MAPPINGS_MAX];
static size_t mapping_count, latest;

static bool line_begins_mapping(const char *line, uintptr_t *start, uintptr_t *end)
{
	unsigned long long first, last;
	char permissions[8];

	if (sscanf(line, "%llx-%llx %7s", &first, &last, permissions) != 3)
		return false;
	*start = (uintptr_t)first;
	*end = (uintptr_t)last;
	return true;
}

static void line_counts(const char *line, struct mapping *mapping)
{
	char name[64];
	size_t kb;

	if (sscanf(line, "%63[^:]: %zu kB", name, &kb) != 2)
		return;
	if (!strcmp(name, "Rss"))
		mapping->resident_kb += kb;
	else if (!strcmp(name, "Private_Hugetlb") || !strcmp(name, "Shared_Hugetlb"))
		mapping->hugetlb_kb += kb;
	else if (!strcmp(name, "AnonHugePages") || !strcmp(name, "ShmemPmdMapped"))
		mapping->thp_kb += kb;
}

void share_read(void)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	struct mapping *mapping = NULL;
	char line[1024];
	uintptr_t start, end;

	if (!smaps)
		fail("/proc/self/smaps can't be read");
	mapping_count = 0;
	while (fgets(line, sizeof(line), smaps)) {
		if (line_begins_mapping(line, &start, &end)) {
			if (mapping_count == MAPPINGS_MAX)
				fail("more than %d mappings", MAPPINGS_MAX);
			mapping = &mappings[mapping_count++];
			*mapping = (struct mapping){.start = start, .end = end};
		} else if (mapping) {
			line_counts(line, mapping);
		}
	}
	fclose(smaps);
	latest = 0;
}

static size_t mapping_find(uintptr_t address)
{
	size_t low = 0, high = mapping_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == mapping_count || mappings[low].start > address)
		fail("%p of the heap is in no mapping", (void *)address);
	return low;
}

void share_mark(const void *address, size_t bytes)
{
	uintptr_t start = (uintptr_t)address, end = start + bytes;

	if (start < mappings[latest].start || start >= mappings[latest].end)
		latest = mapping_find(start);
	for (size_t i = latest; i < mapping_count && mappings[i].start < end; i++)
		mappings[i].heap = true;
}

size_t share_huge_bytes(void)
{
	size_t kb = 0;

	for (size_t i = 0; i < mapping_count; i++)
		kb += mappings[i].hugetlb_kb + mappings[i].thp_kb;
	return kb * 1024;
}

struct share share_sum(void)
{
	struct share share = {0};

	for (size_t i = 0; i < mapping_count; i++) {
		const struct mapping *mapping = &mappings[i];

		if (!mapping->heap)
			continue;
		share.heap_bytes += (mapping->resident_kb + mapping->hugetlb_kb) * 1024;
		share.hugetlb_bytes += mapping->hugetlb_kb * 1024;
		share.thp_bytes += mapping->thp_kb * 1024;
	}
	return share;
}
