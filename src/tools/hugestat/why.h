/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --why: which memory of a process is not on huge pages, the reason, and the remedy.
 */
#ifndef HUGESTAT_WHY_H
#define HUGESTAT_WHY_H

#include "tools/hugestat/process.h"

/* The facts, besides the mapping itself, that decide. */
struct why_facts {
	size_t huge_bytes;
	char mode[16], shmem_mode[16]; /* of transparent huge pages; empty: the kernel has none */
	bool off_for_process;          /* prctl(PR_SET_THP_DISABLE) */
	unsigned long base_pages;      /* of a huge page */
	unsigned long max_ptes_none;   /* of khugepaged */
	unsigned long mappings_max;    /* vm.max_map_count; 0: unknown */
	/* of the machine, since boot */
	unsigned long long fallbacks; /* first touches that got small pages */
	unsigned long long limited;   /* of these, because of a cgroup's limit */
	unsigned long long splits, failed_collapses;
};

enum why {
	WHY_HUGE, /* nearly all of it is huge already */
	WHY_UNUSED,
	WHY_SHORT,
	WHY_UNALIGNED,
	WHY_NO_THP,
	WHY_NEVER,
	WHY_PROCESS,
	WHY_REFUSED,
	WHY_NOT_ADVISED,
	WHY_SHMEM,
	WHY_FILE,
	WHY_SPECIAL,
	WHY_SPARSE,
	WHY_LATER,
};

void why_facts_read(struct why_facts *facts, pid_t pid);

/* Decides from smaps and the facts only. */
enum why why_not_huge(const struct smaps_mapping *mapping, const struct why_facts *facts);

/* The reason and the remedy (empty: there is none). */
const char *why_name(enum why why); /* "too-short": stable, for scripts */
const char *why_reason(enum why why);
const char *why_remedy(enum why why);

/* Returns an exit status. */
struct json;
int why_process(pid_t pid, bool all, struct json *json);

#endif
