/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the system's facts for people.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/system.h"

/* More than any machine has: the kernel has no word for "unlimited" if the file is a number. */
#define UNLIMITED (1ull << 60)

static void print_pools(const struct system *system)
{
	printf("\n%-25s %10s %10s %10s %10s %10s\n", "Pools of huge pages", "total", "free",
	       "reserved", "surplus", "overcommit");
	if (!system->sizes.huge_count)
		puts("  none");
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];
		char name[48];

		snprintf(name, sizeof(name), "%zu kB%s", pool->page_bytes >> 10,
			 pool->page_bytes == system->sizes.default_huge ? " (default)" : "");
		if (!pool->readable) {
			printf("  %-23s can't be read\n", name);
			continue;
		}
		printf("  %-23s %10lu %10lu %10lu %10lu %10lu\n", name, pool->pool.total,
		       pool->pool.available, pool->pool.reserved, pool->pool.surplus,
		       pool->pool.overcommit);
		for (int n = 0; n < pool->node_count; n++) {
			snprintf(name, sizeof(name), "  node %d", pool->nodes[n].node);
			printf("  %-23s %10lu %10lu %10s %10lu\n", name, pool->nodes[n].total,
			       pool->nodes[n].available, "", pool->nodes[n].surplus);
		}
	}
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];

		if (pool->tried <= 0)
			printf("  tried: one page of %zu kB: %s\n", pool->page_bytes >> 10,
			       pool->tried ? strerror(-pool->tried) : "available");
	}
}

static void print_thp_sizes(const struct system *system)
{
	if (!system->thp_size_count)
		return;
	printf("  %-10s %8s %8s %11s %12s %12s %10s\n", "size", "enabled", "shmem", "in use",
	       "faults", "fell back", "split");
	for (int i = 0; i < system->thp_size_count; i++) {
		const struct system_thp_size *size = &system->thp_sizes[i];
		char name[32];

		snprintf(name, sizeof(name), "%zu kB", size->kb);
		printf("  %-10s %8s %8s %11lu %12lu %12lu %10lu\n", name,
		       size->enabled[0] ? size->enabled : "-",
		       size->shmem_enabled[0] ? size->shmem_enabled : "-", size->in_use,
		       size->fault_alloc, size->fault_fallback, size->split);
	}
}

/* Those counters of /proc/vmstat that show whether it works. */
static void print_vmstat(void)
{
	static const char *const names[] = {
		"thp_fault_alloc",       "thp_fault_fallback",
		"thp_collapse_alloc",    "thp_collapse_alloc_failed",
		"thp_file_mapped",       "thp_split_page",
		"compact_fail",          "compact_success",
		"htlb_buddy_alloc_fail",
	};
	FILE *file = fopen("/proc/vmstat", "re");
	char name[64];
	char item[100];
	unsigned long long value;
	int column = 0;

	while (file && fscanf(file, "%63s %llu", name, &value) == 2) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			const char *separator = ", ";

			if (strcmp(name, names[i]))
				continue;
			snprintf(item, sizeof(item), "%s %llu", name, value);
			if (!column || column + 3 + (int)strlen(item) > TEXT_COLUMNS) {
				separator = column ? ",\n  " : "  ";
				column = 0;
			}
			column += printf("%s%s", separator, item);
		}
	}
	if (column)
		putchar('\n');
	if (file)
		fclose(file);
}

static void print_thp(const struct system *system)
{
	puts("\nTransparent huge pages");
	if (!system->thp_enabled[0]) {
		puts(system->have_sys ? "  none" : "  unknown: /sys is not mounted");
		return;
	}
	printf("  pages of %zu kB: enabled %s, defrag %s, shmem %s\n", system->sizes.thp >> 10,
	       system->thp_enabled, system->thp_defrag, system->thp_shmem);
	printf("  khugepaged: defrag %s, %lu pages each %lu ms, after a failure %lu ms\n",
	       system->khugepaged_defrag, system->khugepaged_pages, system->khugepaged_scan_ms,
	       system->khugepaged_alloc_ms);
	print_thp_sizes(system);
	print_vmstat();
	if (system->have_proc)
		printf("  tried: one page requested by madvise: %s\n",
		       system->thp_tried_kb ? "available" : "the kernel gave base pages");
}

static void print_mounts(const struct system *system)
{
	puts("\nMounts of hugetlbfs");
	if (!system->mount_count)
		puts(system->have_proc ? "  none" : "  unknown: /proc is not mounted");
	for (int i = 0; i < system->mount_count; i++) {
		const struct system_mount *mount = &system->mounts[i];

		fputs("  ", stdout);
		text_show(mount->path, stdout);
		printf(": pages of %zu kB, user %u, group %u, mode %04o, you may%s use it",
		       mount->page_bytes >> 10, (unsigned int)mount->uid, (unsigned int)mount->gid,
		       mount->mode, mount->writable ? "" : " not");
		if (mount->total)
			printf(", %lu of %lu pages free", mount->free, mount->total);
		putchar('\n');
	}
}

static void print_kb_limit(const char *name, unsigned long long bytes)
{
	if (bytes >= UNLIMITED)
		printf("  %s: unlimited\n", name);
	else
		printf("  %s: %llu kB\n", name, bytes >> 10);
}

static void print_limits(const struct system *system)
{
	puts("\nLimits on you");
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];

		if (pool->limit_bytes == SYSTEM_NO_LIMIT) {
			printf("  cgroup, pages of %zu kB: %s\n", pool->page_bytes >> 10,
			       system->have_proc && system->have_sys ? "no limit" : "unknown");
			continue;
		}
		printf("  cgroup, pages of %zu kB: %llu kB, in use %llu kB (",
		       pool->page_bytes >> 10, pool->limit_bytes >> 10, pool->usage_bytes >> 10);
		text_show(pool->limit_path, stdout);
		puts(")");
	}
	print_kb_limit("locked memory (ulimit -l)", system->memlock_soft);
	if (!system->have_proc) {
		puts("  shared memory (kernel.shmmax, kernel.shmall, vm.hugetlb_shm_group): "
		     "unknown");
		return;
	}
	print_kb_limit("one segment of shared memory (kernel.shmmax)", system->shmmax_bytes);
	if (system->shmall_pages >= UNLIMITED)
		puts("  shared memory in all (kernel.shmall): unlimited");
	else
		printf("  shared memory in all (kernel.shmall): %llu pages\n",
		       system->shmall_pages);
	printf("  shared memory on huge pages (vm.hugetlb_shm_group %ld): %sallowed\n",
	       system->shm_group, system->may_shm ? "" : "not ");
}

static void print_versions(const struct system *system)
{
	int major = 0, minor = 0, glibc = 0;

	sscanf(system->kernel, "%d.%d", &major, &minor);
	sscanf(system->glibc, "2.%d", &glibc);
	printf("Kernel %s (%s), glibc %s\n", system->kernel, system->machine, system->glibc);
	printf("  kernel: MADV_POPULATE_WRITE %s (5.14); THP settings: %s\n",
	       major * 1000 + minor >= 5014 ? "available" : "not available",
	       !system->have_sys        ? "unknown"
	       : system->thp_size_count ? "one for each size"
					: "one for all sizes");
	printf("  glibc: %s; its own tunable glibc.malloc.hugetlb: %s\n",
	       glibc >= 31 && glibc <= 44 ? "the heap can be served" : "the heap can't be served",
	       glibc >= 35 ? (system->tunables[0] ? system->tunables : "not set")
			   : "not before 2.35");
}

void system_print(const struct system *system)
{
	print_versions(system);
	print_pools(system);
	print_thp(system);
	print_mounts(system);
	print_limits(system);
}
