/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the system has and allows, according to its files: the facts that findings.c evaluates.
 */
#ifndef HUGESTAT_SYSTEM_H
#define HUGESTAT_SYSTEM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "options/config.h"
#include "pages/pool.h"
#include "pages/sizes.h"

#define SYSTEM_NODES_MAX  64
#define SYSTEM_MOUNTS_MAX 64
#define SYSTEM_THP_MAX    32
#define SYSTEM_NO_LIMIT   ULLONG_MAX

struct system_node {
	int node;
	unsigned long total, available, surplus;
};

struct system_pool {
	size_t page_bytes;
	bool readable; /* false without /sys */
	struct pool pool;
	int node_count;
	struct system_node nodes[SYSTEM_NODES_MAX];

	/* What the caller's cgroups allow: the level with the least free space. */
	char limit_path[512]; /* the file; empty: no controller, or no limit */
	bool limit_version_2;
	unsigned long long limit_bytes, usage_bytes; /* SYSTEM_NO_LIMIT: none */

	int used_since_boot; /* 1: yes, 0: no, -1: unknown */

	int tried; /* one page, mapped and written: 0, -errno, or 1: not tried */
};

struct system_mount {
	char path[512];
	size_t page_bytes;
	uid_t uid;
	gid_t gid;
	unsigned int mode;
	bool writable;             /* by the caller */
	unsigned long total, free; /* pages, if limited; 0: not limited */
};

struct system_thp_size {
	size_t kb;
	char enabled[16], shmem_enabled[16]; /* empty: no such file */
	unsigned long fault_alloc, fault_fallback, split, in_use;
};

struct system_stalls {
	unsigned long long compact_stall, compact_fail, compact_success; /* since boot */
	double pressure; /* percentage of the last 5 minutes in which tasks waited for memory */
	unsigned long uptime_seconds;
};

struct system {
	char kernel[96], machine[72];
	const char *glibc;
	uid_t uid;
	bool have_sys, have_proc;
	struct page_sizes sizes;
	size_t available_bytes; /* memory */
	struct system_pool pools[PAGES_SIZES_MAX];

	char thp_enabled[16], thp_defrag[24], thp_shmem[16]; /* empty: no such file */
	char khugepaged_defrag[16];
	unsigned long khugepaged_pages, khugepaged_scan_ms, khugepaged_alloc_ms;
	struct system_thp_size thp_sizes[SYSTEM_THP_MAX];
	int thp_size_count;
	bool thp_disabled_for_process; /* prctl(PR_SET_THP_DISABLE), inherited */
	unsigned long thp_tried_kb;    /* how much of one requested transparent huge page was
					* obtained */

	struct system_stalls stalls;
	bool splits_for_kvm; /* as a host, the kernel splits executable huge pages of virtual
			      * machines */

	struct system_mount mounts[SYSTEM_MOUNTS_MAX];
	int mount_count;

	unsigned long long memlock_soft; /* bytes; SYSTEM_NO_LIMIT */
	unsigned long long shmmax_bytes, shmall_pages;
	long shm_group; /* -1: unknown */
	bool may_shm;
	struct config config; /* /etc/libhugetlbfs.conf, all of its rules */
	char tunables[256];   /* glibc.malloc.hugetlb's value in GLIBC_TUNABLES; empty: not set */
};

/* Reads all of it; what cannot be read is empty. Allocates one page of each size for a moment. */
void system_read(struct system *system);

/* Its parts, in separate files. */
void system_read_mounts(struct system *system);
void system_read_limits(struct system *system);
void system_read_thp(struct system *system);
void system_read_stalls(struct system *system);

/* Reads counters of /proc/vmstat, which count since boot; one that is not there stays as it is. */
struct system_counter {
	const char *name;
	unsigned long long *value;
};

void system_read_counters(const struct system_counter *counters, size_t count);
void system_try(struct system *system);

/* Helpers for files with one value; 0 or "" if there is none. */
unsigned long long system_number(const char *path, unsigned long long otherwise);
void system_word(const char *path, char *word, size_t bytes);

/* Where the groups of a controller are: in a tree of cgroups version 1, otherwise in version 2's.
 */
struct cgroup_mount {
	bool version_2;
	char path[256];
};

bool system_find_cgroup_mount(struct cgroup_mount *mount, const char *controller);

/* Does this process have the capability (CAP_...)? */
bool system_has_capability(unsigned int capability);

/* The default pool; NULL if the kernel has no hugetlb pages. */
const struct system_pool *system_default_pool(const struct system *system);

/* "2M", "1G", "64K": the format of mount options. */
const char *system_size_name(size_t bytes, char *text, size_t text_bytes);

void system_print(const struct system *system);
void system_print_node_memory(void);

struct json;
void system_json(const struct system *system, struct json *json);
void system_json_node_memory(struct json *json);

#endif
