/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the page tables: see pagemap.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "base/sys.h"
#include "proc/pagemap.h"
#include "proc/smaps.h"

/* The kernel's struct pm_scan_arg, <linux/fs.h> of 6.7 and later. */
struct scan_argument {
	uint64_t size, flags, start, end, walk_end, vector, vector_count, pages_max;
	struct pagemap_query query;
};

#define SCAN_REQUEST 0xc0606610 /* PAGEMAP_SCAN: _IOWR('f', 16, struct pm_scan_arg) */
#define SCAN_RANGES  32
#define ENTRIES      64

_Static_assert(sizeof(struct scan_argument) == 0x60, "as the request says");

void pagemap_open(struct pagemap *pagemap)
{
	pagemap->fd = sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
}

void pagemap_close(const struct pagemap *pagemap)
{
	if (!SYS_IS_ERROR(pagemap->fd))
		sys_close((int)pagemap->fd);
}

long pagemap_read(const struct pagemap *pagemap, uint64_t page, uint64_t *entries, size_t count)
{
	long got;

	if (SYS_IS_ERROR(pagemap->fd))
		return pagemap->fd;
	got = sys_pread((int)pagemap->fd, entries, count * sizeof(entries[0]),
			page * sizeof(entries[0]));
	return got < 0 ? got : got / (long)sizeof(entries[0]);
}

long pagemap_scan(const struct pagemap *pagemap, const struct pagemap_query *query, uint64_t *start,
		  uint64_t end, struct pagemap_range *ranges, size_t count)
{
	struct scan_argument scan = {.size = sizeof(scan),
				     .start = *start,
				     .end = end,
				     .vector = (uintptr_t)ranges,
				     .vector_count = count,
				     .query = *query};
	long found;

	if (SYS_IS_ERROR(pagemap->fd))
		return pagemap->fd;
	found = sys_ioctl((int)pagemap->fd, SCAN_REQUEST, &scan);
	if (SYS_IS_ERROR(found))
		return found;
	if (scan.walk_end <= *start)
		return -EAGAIN;
	*start = scan.walk_end;
	return found;
}

static bool is_own(uint64_t entry)
{
	return entry & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED) && !(entry & PAGEMAP_FILE);
}

/* Page by page, from the entries: before 6.7. */
static int read_own(const struct pagemap *pagemap, uintptr_t *start, uintptr_t end,
		    uintptr_t *run_end)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	uint64_t entries[ENTRIES];
	bool in_run = false;

	for (uintptr_t at = *start; at < end;) {
		size_t wanted =
			(end - at) / base_bytes < ENTRIES ? (end - at) / base_bytes : ENTRIES;
		long got = pagemap_read(pagemap, at / base_bytes, entries, wanted);

		if (got != (long)wanted)
			return got < 0 ? (int)got : -EIO;
		for (size_t i = 0; i < wanted; i++, at += base_bytes) {
			if (is_own(entries[i]) == in_run)
				continue;
			*(in_run ? run_end : start) = at;
			if (in_run)
				return 1;
			in_run = true;
		}
	}
	*run_end = end;
	return in_run;
}

int pagemap_find_own(const struct pagemap *pagemap, uintptr_t *start, uintptr_t end,
		     uintptr_t *run_end)
{
	const struct pagemap_query own = {.inverted = PAGE_IS_FILE,
					  .mask = PAGE_IS_FILE,
					  .any_of = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
					  .returned = PAGE_IS_FILE};
	struct pagemap_range found = {0}; /* valgrind does not know that the call fills it */
	uint64_t at = *start;

	while (at < end) {
		long result = pagemap_scan(pagemap, &own, &at, end, &found, 1);

		if (result < 0)
			return read_own(pagemap, start, end, run_end);
		if (!result)
			continue;
		*start = (uintptr_t)found.start;
		*run_end = (uintptr_t)found.end;
		return 1;
	}
	return 0;
}

int pagemap_has_own(const struct pagemap *pagemap, uintptr_t start, uintptr_t end)
{
	uintptr_t run_end;

	return pagemap_find_own(pagemap, &start, end, &run_end);
}

/* The bytes of [start, end) that are in a range. */
static size_t common_bytes(const struct pagemap_range *range, uintptr_t start, uintptr_t end)
{
	const uint64_t from = range->start > start ? range->start : start;
	const uint64_t to = range->end < end ? range->end : end;

	return from < to ? (size_t)(to - from) : 0;
}

int pagemap_count_huge(const struct pagemap *pagemap, uintptr_t start, uintptr_t end, size_t *bytes)
{
	const struct pagemap_query huge = {.mask = PAGE_IS_HUGE | PAGE_IS_PRESENT,
					   .returned = PAGE_IS_HUGE};
	const size_t base_bytes = getauxval(AT_PAGESZ);
	uint64_t at = align_down(start, base_bytes), last = align_up(end, base_bytes);
	struct pagemap_range ranges[SCAN_RANGES] = {0}; /* as in pagemap_find_own() */

	*bytes = 0;
	while (at < last) {
		long found = pagemap_scan(pagemap, &huge, &at, last, ranges, SCAN_RANGES);

		if (found < 0)
			return (int)found;
		for (long i = 0; i < found; i++)
			*bytes += common_bytes(&ranges[i], start, end);
	}
	return 0;
}

/* smaps has figures for whole mappings: if a mapping is not all huge, a part of it counts in
 * proportion. */
static size_t read_smaps(uintptr_t start, uintptr_t end)
{
	struct smaps_mapping mapping;
	struct smaps smaps;
	uint64_t bytes = 0;

	if (smaps_open(&smaps, "/proc/self/smaps"))
		return 0;
	while (smaps_next(&smaps, &mapping)) {
		uint64_t from = mapping.start > start ? mapping.start : start;
		uint64_t to = mapping.end < end ? mapping.end : end, huge;

		if (from >= to)
			continue;
		huge = ((uint64_t)smaps_hugetlb_kb(&mapping) + mapping.value[SMAPS_ANON_HUGE] +
			mapping.value[SMAPS_SHMEM_PMD] + mapping.value[SMAPS_FILE_PMD])
		       << 10;
		bytes += huge * ((to - from) >> 10) / ((mapping.end - mapping.start) >> 10);
	}
	smaps_close(&smaps);
	return (size_t)bytes;
}

size_t pagemap_huge_bytes(const struct pagemap *pagemap, uintptr_t start, uintptr_t end)
{
	size_t bytes;

	return pagemap_count_huge(pagemap, start, end, &bytes) ? read_smaps(start, end) : bytes;
}

#define ENTRY_SOFT_DIRTY (1ull << 55)

bool pagemap_has_soft_dirty(void)
{
	static volatile unsigned char written;
	struct pagemap pagemap;
	uint64_t entry;
	long got;

	written = 1; /* so this page must be dirty, otherwise the kernel tracks no pages */
	pagemap_open(&pagemap);
	got = pagemap_read(&pagemap, (uintptr_t)&written / getauxval(AT_PAGESZ), &entry, 1);
	pagemap_close(&pagemap);
	return got != 1 || entry & ENTRY_SOFT_DIRTY;
}

/* The number of pages queried by one mincore() call. */
#define RESIDENT_PAGES 512

static bool is_not_resident(uintptr_t start, uintptr_t end)
{
	const size_t base = getauxval(AT_PAGESZ);
	unsigned char resident[RESIDENT_PAGES];

	while (start < end) {
		size_t pages = (end - start) / base;

		if (pages > RESIDENT_PAGES)
			pages = RESIDENT_PAGES;
		if (sys_mincore(start, pages * base, resident))
			return false;
		for (size_t i = 0; i < pages; i++)
			if (resident[i] & 1)
				return false;
		start += pages * base;
	}
	return true;
}

bool pagemap_is_empty(uintptr_t start, uintptr_t end)
{
	const struct pagemap_query query = {
		.any_of = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.returned = PAGE_IS_PRESENT,
	};
	struct pagemap_range found;
	struct pagemap pagemap;
	uint64_t from = start;
	long result;

	pagemap_open(&pagemap);
	result = pagemap_scan(&pagemap, &query, &from, end, &found, 1);
	pagemap_close(&pagemap);
	return SYS_IS_ERROR(result) ? is_not_resident(start, end) : !result;
}
