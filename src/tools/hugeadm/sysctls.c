/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel settings for huge pages: free memory for compaction, shared memory's limit and group. Each
 * is raised if it is too low, and never lowered.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hugeadm.h"

#define PATH_ZONE_MOVABLE "/proc/sys/vm/hugepages_treat_as_movable"

/*
 * The value that the kernel computes when it starts khugepaged: in each zone two free blocks of a
 * huge page, and one for each pair of the three kinds of use that must not mix, but at most a
 * twentieth of memory.
 */
unsigned long recommended_min_free_kb(void)
{
	const unsigned long base_kb = (unsigned long)sysconf(_SC_PAGESIZE) >> 10;
	unsigned long zones = 0, managed_pages = 0, block_kb, wanted_kb;
	FILE *zoneinfo = fopen("/proc/zoneinfo", "re");
	struct page_sizes sizes;
	bool counts = false;
	char line[256], name[32];

	sizes_read(&sizes, (size_t)sysconf(_SC_PAGESIZE));
	block_kb = (sizes.thp ? sizes.thp : sizes.default_huge) >> 10;
	while (zoneinfo && fgets(line, sizeof(line), zoneinfo)) {
		unsigned long pages;

		if (sscanf(line, "Node %*d, zone %31s", name) == 1) {
			counts = strcmp(name, "Movable") != 0;
		} else if (counts && sscanf(line, " managed %lu", &pages) == 1 && pages) {
			zones++;
			managed_pages += pages;
		}
	}
	if (zoneinfo)
		fclose(zoneinfo);
	wanted_kb = zones * block_kb * (2 + 3 * 3);
	if (wanted_kb > managed_pages * base_kb / 20)
		wanted_kb = managed_pages * base_kb / 20;
	return wanted_kb;
}

/* Enough for all pools at their maximum in one segment. */
int recommended_shmmax_bytes(const struct request *request, unsigned long *bytes)
{
	*bytes = 0;
	for (int i = 0; i < request->sizes.huge_count; i++) {
		struct pool_numbers numbers;
		unsigned long pool_bytes;
		const int result = pool_numbers_read(request->sizes.huge[i], MACHINE, &numbers);

		if (result)
			return result;
		if (__builtin_mul_overflow(pool_maximum(&numbers), request->sizes.huge[i],
					   &pool_bytes) ||
		    __builtin_add_overflow(*bytes, pool_bytes, bytes))
			*bytes = ULONG_MAX;
		if (*bytes == ULONG_MAX)
			break;
	}
	return 0;
}

static int raise_to(const struct request *request, const char *path, unsigned long wanted)
{
	unsigned long now, got;
	int result;

	if (!read_number(path, &now))
		return complain(-ENOENT, "can't read %s", path);
	if (now >= wanted) {
		tell(request, "%s is %lu, no less than the %lu recommended", path, now, wanted);
		return 0;
	}
	result = change_write_number(request, path, wanted);
	if (result || request->dry_run)
		return result;
	if (!read_number(path, &got) || got < wanted)
		return complain(-EIO, "%s: asked for %lu, got %lu", path, wanted, got);
	return 0;
}

static int set_shm_group(const struct request *request)
{
	unsigned long got;
	int result = change_write_number(request, PATH_SHM_GROUP, request->shm_group);

	if (result || request->dry_run)
		return result;
	if (!read_number(PATH_SHM_GROUP, &got) || got != request->shm_group)
		return complain(-EIO, "%s: asked for %lu, got %lu", PATH_SHM_GROUP,
				request->shm_group, got);
	return 0;
}

int sysctls_change(const struct request *request)
{
	unsigned long bytes;
	int result = 0;

	if (request->set_shmmax)
		result = recommended_shmmax_bytes(request, &bytes)
				 ?: raise_to(request, PATH_SHMMAX, bytes);
	if (request->shm_group != UNSET)
		result = set_shm_group(request) ?: result;
	return result;
}

/* Before the pools grow: they are allocated from free memory. */
int min_free_change(const struct request *request)
{
	return raise_to(request, PATH_MIN_FREE, recommended_min_free_kb());
}

int zone_movable_change(const struct request *request)
{
	if (access(PATH_ZONE_MOVABLE, F_OK))
		return complain(
			-ENOSYS,
			"this kernel has no vm.hugepages_treat_as_movable, which Linux 4.16 "
			"removed: nothing changed");
	return change_write(request, PATH_ZONE_MOVABLE, request->zone_movable_on ? "1" : "0");
}
