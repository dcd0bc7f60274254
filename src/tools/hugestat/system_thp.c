/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transparent huge pages: the kernel's settings and counters, and whether one is available.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "pages/source.h"
#include "proc/smaps.h"
#include "tools/hugestat/system.h"

/* Larger pages are not tried, except those of the default size. */
#define TRIED_BYTES_MAX ((size_t)64 << 20)

static int by_size(const void *a, const void *b)
{
	const struct system_thp_size *first = a, *second = b;

	return first->kb < second->kb ? -1 : first->kb > second->kb;
}

static void read_size(struct system_thp_size *size, const char *directory)
{
	const struct {
		const char *name;
		unsigned long *value;
	} counters[] = {
		{"anon_fault_alloc", &size->fault_alloc},
		{"anon_fault_fallback", &size->fault_fallback},
		{"split", &size->split},
		{"nr_anon", &size->in_use},
	};
	char path[512];

	snprintf(path, sizeof(path), THP_DIRECTORY "/%s/enabled", directory);
	system_word(path, size->enabled, sizeof(size->enabled));
	snprintf(path, sizeof(path), THP_DIRECTORY "/%s/shmem_enabled", directory);
	system_word(path, size->shmem_enabled, sizeof(size->shmem_enabled));
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		snprintf(path, sizeof(path), THP_DIRECTORY "/%s/stats/%s", directory,
			 counters[i].name);
		*counters[i].value = (unsigned long)system_number(path, 0);
	}
}

/* Since Linux 6.8: one directory hugepages-<n>kB for each size. */
static void read_sizes(struct system *system)
{
	DIR *directory = opendir(THP_DIRECTORY);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)) &&
	       system->thp_size_count < SYSTEM_THP_MAX) {
		struct system_thp_size *size = &system->thp_sizes[system->thp_size_count];

		if (sscanf(entry->d_name, "hugepages-%zukB", &size->kb) != 1)
			continue;
		read_size(size, entry->d_name);
		system->thp_size_count++;
	}
	if (directory)
		closedir(directory);
	qsort(system->thp_sizes, (size_t)system->thp_size_count, sizeof(system->thp_sizes[0]),
	      by_size);
}

void system_read_thp(struct system *system)
{
	system_word(THP_DIRECTORY "/enabled", system->thp_enabled, sizeof(system->thp_enabled));
	system_word(THP_DIRECTORY "/defrag", system->thp_defrag, sizeof(system->thp_defrag));
	system_word(THP_DIRECTORY "/shmem_enabled", system->thp_shmem, sizeof(system->thp_shmem));
	system_word(THP_DIRECTORY "/khugepaged/defrag", system->khugepaged_defrag,
		    sizeof(system->khugepaged_defrag));
	system->khugepaged_pages =
		(unsigned long)system_number(THP_DIRECTORY "/khugepaged/pages_to_scan", 0);
	system->khugepaged_scan_ms =
		(unsigned long)system_number(THP_DIRECTORY "/khugepaged/scan_sleep_millisecs", 0);
	system->khugepaged_alloc_ms =
		(unsigned long)system_number(THP_DIRECTORY "/khugepaged/alloc_sleep_millisecs", 0);
	read_sizes(system);
}

/* How much of the mapping at this address is on transparent huge pages, in kB. */
static unsigned long thp_kb_at(uintptr_t address)
{
	struct smaps_mapping mapping;
	struct smaps smaps;
	unsigned long kb = 0;

	if (smaps_open(&smaps, "/proc/self/smaps"))
		return 0;
	while (smaps_next(&smaps, &mapping))
		if (mapping.start <= address && address < mapping.end)
			kb = mapping.value[SMAPS_ANON_HUGE];
	smaps_close(&smaps);
	return kb;
}

static void try_transparent(struct system *system)
{
	size_t bytes = system->sizes.thp;
	long at;

	if (!bytes)
		return;
	at = sys_mmap_aligned(bytes, bytes, PROT_READ | PROT_WRITE);
	if (SYS_IS_ERROR(at))
		return;
	sys_madvise((uintptr_t)at, bytes, MADV_HUGEPAGE);
	*(volatile char *)at = 1;
	system->thp_tried_kb = thp_kb_at((uintptr_t)at);
	sys_munmap((uintptr_t)at, bytes);
}

void system_try(struct system *system)
{
	for (int i = 0; i < system->sizes.huge_count; i++) {
		struct source source = {
			.page_bytes = system->pools[i].page_bytes,
			.hugetlb = true,
			.reserve = true,
			.populate = true,
			.populate_write = source_can_populate_write(),
		};

		/* Clearing a page of 1G takes a third of a second. */
		system->pools[i].tried =
			source.page_bytes <= TRIED_BYTES_MAX ||
					source.page_bytes == system->sizes.default_huge
				? source_try(&source)
				: 1;
	}
	try_transparent(system);
}
