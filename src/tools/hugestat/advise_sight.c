/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Observes a process for --advise: its memory by part, how densely each huge page's range is used,
 * its page faults, and the cost of its page walks.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "pages/sizes.h"
#include "tools/common/counters.h"
#include "tools/hugestat/advise.h"
#include "tools/hugestat/objects.h"

/*
 * Counts the ranges of a mapping that huge pages could serve: at least half of each in use. Returns
 * how many kB are present in all ranges.
 */
static unsigned long take_density(struct sight *sight, const struct process_mapping *mapping,
				  const struct pagemap *pagemap)
{
	const size_t count = sight->huge_bytes / sight->base_bytes;
	const uint64_t mask = sight->huge_bytes - 1;
	const uint64_t end = mapping->smaps.end & ~mask;
	unsigned long present_kb = 0;

	for (uint64_t at = (mapping->smaps.start + mask) & ~mask; at < end;
	     at += sight->huge_bytes) {
		unsigned long missing_kb;
		size_t present;

		if (!process_count_present(pagemap, at / sight->base_bytes, count, &present))
			return present_kb;
		present_kb += (unsigned long)(present * sight->base_bytes >> 10);
		missing_kb = (unsigned long)((count - present) * sight->base_bytes >> 10);
		if (present < count / 2) {
			sight->parts[mapping->part].sparse_kb += missing_kb;
			continue;
		}
		sight->parts[mapping->part].dense_blocks++;
		sight->parts[mapping->part].holes_kb += missing_kb;
	}
	return present_kb;
}

/* False: most of the mapping is gone since it was listed. */
static bool take_mapping(struct sight *sight, const struct process_mapping *mapping,
			 const struct pagemap *pagemap)
{
	const struct smaps_mapping *smaps = &mapping->smaps;
	const unsigned long edges_kb = (unsigned long)(sight->huge_bytes >> 9);
	struct usage_figures figures;

	usage_figures(&figures, smaps);
	sight->parts[mapping->part].memory_kb += figures.resident + figures.hugetlb;
	sight->parts[mapping->part].huge_kb +=
		figures.thp + figures.shmem_thp + figures.file_thp + figures.hugetlb;
	if (mapping->part == PART_FILES && !strncmp(smaps->rights, "r--", 3) &&
	    !figures.is_hugetlb && smaps->end - smaps->start >= sight->huge_bytes)
		sight->files_kb += usage_small_kb(&figures);
	if (smaps->rights[2] == 'x' && smaps->inode)
		sight->code_kb += figures.resident - figures.file_thp;
	if (!strncmp(smaps->name, "/SYSV", 5) && !figures.is_hugetlb)
		sight->segments_kb += figures.resident - figures.shmem_thp;
	/* address space that arenas and runtimes have only reserved contains nothing */
	if (SYS_IS_ERROR(pagemap->fd) || !figures.resident || smaps->start > INT64_MAX ||
	    figures.is_hugetlb || smaps->rights[3] != 'p' || smaps->inode)
		return true;
	return take_density(sight, mapping, pagemap) + edges_kb >= figures.resident / 2;
}

void sight_begin(struct sight *sight)
{
	*sight = (struct sight){.huge_bytes = sizes_thp(),
				.base_bytes = (size_t)sysconf(_SC_PAGESIZE)};
	/* without transparent huge pages: the size on x86-64, and on arm64 with 4K pages */
	if (!sight->huge_bytes)
		sight->huge_bytes = (size_t)2 << 20;
}

int sight_take(struct sight *sight, pid_t pid)
{
	struct process_stat stat;
	struct process process;
	char path[64];
	struct pagemap pagemap;
	int result = process_read(&process, pid);

	if (result)
		return result;
	sight_begin(sight);
	sight->pid = pid;
	sight->files = process.files;
	memcpy(sight->name, process.name, sizeof(sight->name));
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	sight->is_static = object_is_static(path);
	process_pagemap(&pagemap, pid);
	for (size_t i = 0; i < process.count && !result; i++)
		result = take_mapping(sight, &process.mappings[i], &pagemap) ? 0 : -EAGAIN;
	pagemap_close(&pagemap);
	process_free(&process);
	if (process_stat(pid, &stat)) {
		sight->faults = stat.minor_faults;
		sight->cpu_seconds = (double)stat.cpu_ticks / (double)sysconf(_SC_CLK_TCK);
	}
	return result;
}
