/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs wait for, and since when: compaction, memory pressure, uptime; and the use of pools
 * since boot, which only the hugetlb controller of version 1 records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "proc/cgroup.h"
#include "tools/hugestat/system.h"

void system_read_counters(const struct system_counter *counters, size_t count)
{
	FILE *file = fopen("/proc/vmstat", "re");
	unsigned long long value;
	char name[64];

	while (file && fscanf(file, "%63s %llu", name, &value) == 2)
		for (size_t i = 0; i < count; i++)
			if (!strcmp(name, counters[i].name))
				*counters[i].value = value;
	if (file)
		fclose(file);
}

static void read_compaction(struct system_stalls *stalls)
{
	const struct system_counter counters[] = {
		{"compact_stall", &stalls->compact_stall},
		{"compact_fail", &stalls->compact_fail},
		{"compact_success", &stalls->compact_success},
	};

	system_read_counters(counters, sizeof(counters) / sizeof(counters[0]));
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static double pressure(void)
{
	char text[256], *at;

	if (sys_read_file("/proc/pressure/memory", text, sizeof(text)) <= 0 ||
	    !(at = strstr(text, "avg300=")))
		return 0;
	return strtod(at + strlen("avg300="), NULL);
}

static void read_used_since_boot(struct system_pool *pool, const struct cgroup_mount *mount)
{
	char size[16], path[400];

	cgroup_size_name(pool->page_bytes, size, sizeof(size));
	snprintf(path, sizeof(path), "%s/hugetlb.%s.max_usage_in_bytes", mount->path, size);
	pool->used_since_boot =
		system_number(path, ULLONG_MAX) == ULLONG_MAX ? -1 : system_number(path, 0) != 0;
}

void system_read_stalls(struct system *system)
{
	struct cgroup_mount mount;
	const bool mounted = system_find_cgroup_mount(&mount, "hugetlb") && !mount.version_2;
	char text[512];

	read_compaction(&system->stalls);
	system->stalls.pressure = pressure();
	system->stalls.uptime_seconds = (unsigned long)system_number("/proc/uptime", 0);
	for (int i = 0; i < system->sizes.huge_count; i++) {
		system->pools[i].used_since_boot = -1;
		if (mounted)
			read_used_since_boot(&system->pools[i], &mount);
	}
	system->splits_for_kvm =
		sys_read_file("/sys/devices/system/cpu/vulnerabilities/itlb_multihit", text,
			      sizeof(text)) > 0 &&
		strstr(text, "Split huge pages") && sys_access("/dev/kvm", 0) == 0;
}
