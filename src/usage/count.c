/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adding up mappings: see usage.h.
 */
#include <string.h>

#include "usage/usage.h"

const char *part_name(enum part part)
{
	static const char names[PART_COUNT][sizeof("heap (threads, large blocks)")] = {
		[PART_TEXT] = "text",
		[PART_DATA] = "data",
		[PART_BSS] = "bss",
		[PART_BREAK] = "heap (main)",
		[PART_ARENAS] = "heap (threads, large blocks)",
		[PART_MAPPINGS] = "other mappings",
		[PART_STACKS] = "stacks",
		[PART_LIBRARIES] = "libraries",
		[PART_SHARED] = "shared memory",
		[PART_FILES] = "files",
		[PART_KERNEL] = "vdso",
	};

	return names[part];
}

void usage_figures(struct usage_figures *figures, const struct smaps_mapping *mapping)
{
	*figures = (struct usage_figures){
		.page = mapping->value[SMAPS_KERNEL_PAGE],
		.hugetlb = smaps_hugetlb_kb(mapping),
		.resident = mapping->value[SMAPS_RSS],
		.thp = mapping->value[SMAPS_ANON_HUGE],
		.shmem_thp = mapping->value[SMAPS_SHMEM_PMD],
		.file_thp = mapping->value[SMAPS_FILE_PMD],
		.swap = mapping->value[SMAPS_SWAP],
		.is_hugetlb = smaps_is_hugetlb(mapping),
	};
}

/* Moves the figures of the columns from `at` on by one. */
static void open_column(struct usage *usage, int at, int count)
{
	memmove(&usage->hugetlb[at + 1], &usage->hugetlb[at],
		(size_t)(count - at) * sizeof(usage->hugetlb[0]));
	usage->hugetlb[at] = 0;
}

/* The column of a page size, added if there is none; -1: there is no room. */
static int column_of(struct usage_table *table, size_t page_bytes)
{
	int count = table->hugetlb_size_count, at = 0;

	while (at < count && table->hugetlb_sizes[at] < page_bytes)
		at++;
	if (at < count && table->hugetlb_sizes[at] == page_bytes)
		return at;
	if (count == PAGES_SIZES_MAX)
		return -1;
	memmove(&table->hugetlb_sizes[at + 1], &table->hugetlb_sizes[at],
		(size_t)(count - at) * sizeof(table->hugetlb_sizes[0]));
	table->hugetlb_sizes[at] = page_bytes;
	for (int part = 0; part < PART_COUNT; part++)
		open_column(&table->parts[part], at, count);
	open_column(&table->total, at, count);
	table->hugetlb_size_count++;
	return at;
}

unsigned long usage_small_kb(const struct usage_figures *figures)
{
	const unsigned long huge = figures->thp + figures->shmem_thp + figures->file_thp;

	/* The kernel may count all of a file's huge page if only part of it is mapped. */
	return figures->resident > huge ? figures->resident - huge : 0;
}

static void add(struct usage *usage, const struct usage_figures *figures, int column)
{
	if (column >= 0)
		usage->hugetlb[column] += figures->hugetlb;
	usage->memory += figures->resident + figures->hugetlb;
	usage->thp += figures->thp;
	usage->shmem_thp += figures->shmem_thp;
	usage->file_thp += figures->file_thp;
	usage->small += usage_small_kb(figures);
	usage->swap += figures->swap;
}

void usage_add(struct usage_table *table, enum part part, const struct usage_figures *figures)
{
	int column = -1;

	if (figures->is_hugetlb && figures->page)
		column = column_of(table, (size_t)figures->page << 10);
	add(&table->parts[part], figures, column);
	add(&table->total, figures, column);
}

unsigned long usage_huge_kb(const struct usage *usage)
{
	unsigned long kb = usage->thp + usage->shmem_thp + usage->file_thp;

	for (int i = 0; i < PAGES_SIZES_MAX; i++)
		kb += usage->hugetlb[i];
	return kb;
}
