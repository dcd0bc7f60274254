/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why memory is not on huge pages: see why.h. In the order in which the kernel decides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "pages/sizes.h"
#include "tools/hugestat/system.h"
#include "tools/hugestat/why.h"

static const struct {
	const char *name, *reason, *remedy;
} rows[] = {
	[WHY_HUGE] = {"huge", "the ends of mappings that are on huge pages", ""},
	[WHY_UNUSED] = {"unused", "not in use", ""},
	[WHY_SHORT] = {"too-short", "shorter than a huge page",
		       "an allocator with larger mappings; hugectl --heap"},
	[WHY_UNALIGNED] = {"unaligned", "no whole huge page fits at its alignment",
			   "align it: hugectl --mmap or --text, ld -z max-page-size=2M"},
	[WHY_NO_THP] = {"no-thp", "this kernel has no transparent huge pages",
			"hugetlb pages: hugectl --heap"},
	[WHY_NEVER] = {"mode-never", "transparent huge pages are off (mode never)",
		       "hugeadm --thp-madvise"},
	[WHY_PROCESS] = {"off-for-process", "off for this process by prctl, also by a parent",
			 "start it by hugectl, which turns them on again"},
	[WHY_REFUSED] = {"refused", "the program refused them (MADV_NOHUGEPAGE)", ""},
	[WHY_NOT_ADVISED] = {"not-advised", "the program did not ask (mode madvise)",
			     "hugectl --thp or --mmap=yes,thp; hugestat --collapse"},
	[WHY_SHMEM] = {"shmem-mode", "not allowed for shared memory (shmem_enabled)",
		       "advise in shmem_enabled before it starts; hugectl --shm"},
	[WHY_FILE] = {"file", "text and files depend on file system and kernel",
		      "hugectl --text --libs"},
	[WHY_SPECIAL] = {"special", "memory of a device or of the kernel", ""},
	[WHY_SPARSE] = {"sparse", "too little of each huge page is in use",
			"none without more memory: max_ptes_none of khugepaged"},
	[WHY_LATER] = {"later",
		       "allowed: it was split, or memory was short; khugepaged may merge it",
		       "hugestat --collapse"},
};

const char *why_reason(enum why why)
{
	return rows[why].reason;
}

const char *why_remedy(enum why why)
{
	return rows[why].remedy;
}

const char *why_name(enum why why)
{
	return rows[why].name;
}

/* Whether any of these was the reason for one mapping, the kernel does not record. */
static void read_counters(struct why_facts *facts)
{
	const struct system_counter counters[] = {
		{"thp_fault_fallback", &facts->fallbacks},
		{"thp_fault_fallback_charge", &facts->limited},
		{"thp_split_page", &facts->splits},
		{"thp_collapse_alloc_failed", &facts->failed_collapses},
	};

	system_read_counters(counters, sizeof(counters) / sizeof(counters[0]));
}

void why_facts_read(struct why_facts *facts, pid_t pid)
{
	char path[64], text[4096], *line;

	*facts = (struct why_facts){.huge_bytes = sizes_thp()};
	if (!facts->huge_bytes)
		facts->huge_bytes = (size_t)2 << 20;
	system_word(THP_DIRECTORY "/enabled", facts->mode, sizeof(facts->mode));
	system_word(THP_DIRECTORY "/shmem_enabled", facts->shmem_mode, sizeof(facts->shmem_mode));
	facts->base_pages = (unsigned long)(facts->huge_bytes / (size_t)sysconf(_SC_PAGESIZE));
	facts->max_ptes_none = (unsigned long)system_number(
		THP_DIRECTORY "/khugepaged/max_ptes_none", facts->base_pages - 1);
	facts->mappings_max = (unsigned long)system_number("/proc/sys/vm/max_map_count", 0);
	read_counters(facts);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (sys_read_file(path, text, sizeof(text)) > 0 && (line = strstr(text, "\nTHP_enabled:")))
		facts->off_for_process = strtoul(line + strlen("\nTHP_enabled:"), NULL, 10) == 0;
}

static unsigned long huge_kb_of(const struct smaps_mapping *mapping)
{
	return smaps_hugetlb_kb(mapping) + mapping->value[SMAPS_ANON_HUGE] +
	       mapping->value[SMAPS_SHMEM_PMD] + mapping->value[SMAPS_FILE_PMD];
}

static bool has_flag(const struct smaps_mapping *mapping, const char *flag)
{
	return strstr(mapping->flags, flag) != NULL;
}

static bool is_shared_memory(const struct smaps_mapping *mapping)
{
	static const char *const prefixes[] = {"/SYSV", "/dev/shm/", "/memfd:", "/dev/zero",
					       "[anon_shmem"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(mapping->name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* The number of whole huge pages that fit into the mapping. */
static uint64_t whole_pages(const struct smaps_mapping *mapping, size_t huge_bytes)
{
	const uint64_t mask = huge_bytes - 1;
	const uint64_t start = (mapping->start + mask) & ~mask, end = mapping->end & ~mask;

	return end > start ? (end - start) / huge_bytes : 0;
}

static enum why by_settings(const struct smaps_mapping *mapping, const struct why_facts *facts)
{
	if (!facts->mode[0])
		return WHY_NO_THP;
	if (has_flag(mapping, "nh"))
		return WHY_REFUSED;
	if (facts->off_for_process)
		return WHY_PROCESS;
	if (is_shared_memory(mapping))
		return !strcmp(facts->shmem_mode, "never") || !strcmp(facts->shmem_mode, "deny") ||
				       (!strcmp(facts->shmem_mode, "advise") &&
					!has_flag(mapping, "hg"))
			       ? WHY_SHMEM
			       : WHY_LATER;
	if (mapping->inode)
		return WHY_FILE;
	if (!strcmp(facts->mode, "never"))
		return WHY_NEVER;
	if (!strcmp(facts->mode, "madvise") && !has_flag(mapping, "hg"))
		return WHY_NOT_ADVISED;
	return WHY_LATER;
}

enum why why_not_huge(const struct smaps_mapping *mapping, const struct why_facts *facts)
{
	const unsigned long resident_kb = mapping->value[SMAPS_RSS];
	const unsigned long huge_kb = huge_kb_of(mapping);
	const uint64_t pages = whole_pages(mapping, facts->huge_bytes);
	const unsigned long page_kb = (unsigned long)(facts->huge_bytes >> 10);
	enum why why;

	if (!resident_kb && !huge_kb)
		return WHY_UNUSED;
	/* less than one huge page is left: the ends of the mapping */
	if (huge_kb && (smaps_is_hugetlb(mapping) || resident_kb < huge_kb + page_kb))
		return WHY_HUGE;
	if (has_flag(mapping, "io") || has_flag(mapping, "pf") || mapping->name[0] == '[')
		if (strcmp(mapping->name, "[heap]") && strncmp(mapping->name, "[anon", 5))
			return WHY_SPECIAL;
	if (mapping->end - mapping->start < facts->huge_bytes)
		return WHY_SHORT;
	if (!pages)
		return WHY_UNALIGNED;
	why = by_settings(mapping, facts);
	/* as many small pages of each huge one as khugepaged requires */
	if (why == WHY_LATER && resident_kb < pages * page_kb *
						      (facts->base_pages - facts->max_ptes_none) /
						      facts->base_pages)
		return WHY_SPARSE;
	return why;
}
