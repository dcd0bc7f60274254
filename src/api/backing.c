/*
 * hugetlbfs_backing(3): what a range of memory is on, by the kernel's account.
 *
 * /proc/self/smaps counts by mappings. Where the range has a part of a mapping, its pages are
 * counted one by one in /proc/self/pagemap, which says of each whether it is there, and since Linux
 * 6.7 whether it is huge.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "api/api.h"
#include "pages/smaps.h"
#include "stream.h"
#include "sys.h"

#define PAGEMAP "/proc/self/pagemap"

/* The kernel's interface of Linux 6.7, newer than the headers that we build with. */
#define PAGEMAP_SCAN    0xc0606610UL
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_HUGE    (1u << 6)
#define REGIONS         32

struct scan_region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
	uint64_t inverted, wanted, wanted_any, returned;
};

/* One mapping of smaps, and what of it lies in the range. */
struct mapping {
	uintptr_t start, end;
	size_t overlap_start, overlap_end;
	size_t page_bytes;
	unsigned long hugetlb_kb, resident_kb, transparent_kb;
};

static void read_field(struct mapping *mapping, const char *line)
{
	mapping->page_bytes += (size_t)smaps_field_kb(line, "KernelPageSize:") << 10;
	mapping->hugetlb_kb += smaps_field_kb(line, "Private_Hugetlb:");
	mapping->hugetlb_kb += smaps_field_kb(line, "Shared_Hugetlb:");
	mapping->resident_kb += smaps_field_kb(line, "Rss:");
	mapping->transparent_kb += smaps_field_kb(line, "AnonHugePages:");
	mapping->transparent_kb += smaps_field_kb(line, "ShmemPmdMapped:");
	mapping->transparent_kb += smaps_field_kb(line, "FilePmdMapped:");
}

/* Counts the pages of a range that are there; 0 where the file can't be read. */
static size_t count_present(uintptr_t start, uintptr_t end)
{
	const size_t base = smaps_base_bytes();
	long fd = sys_open(PAGEMAP, O_RDONLY | O_CLOEXEC, 0);
	uint64_t entries[128];
	size_t bytes = 0;

	if (SYS_IS_ERROR(fd))
		return 0;
	for (uintptr_t at = start & ~(base - 1); at < end;) {
		size_t pages = (end - at + base - 1) / base;
		long got;

		if (pages > sizeof(entries) / sizeof(entries[0]))
			pages = sizeof(entries) / sizeof(entries[0]);
		got = sys_pread((int)fd, entries, pages * sizeof(entries[0]),
				at / base * sizeof(entries[0]));
		if (got <= 0)
			break;
		for (size_t i = 0; i < (size_t)got / sizeof(entries[0]); i++, at += base)
			bytes += entries[i] >> 63 ? base : 0;
	}
	sys_close((int)fd);
	return bytes;
}

/* How many bytes of a range are on transparent huge pages. Returns 0 or -errno. */
static int scan_transparent(uintptr_t start, uintptr_t end, size_t *bytes)
{
	long fd = sys_open(PAGEMAP, O_RDONLY | O_CLOEXEC, 0), found;
	const size_t base = smaps_base_bytes();
	struct scan_region regions[REGIONS];
	struct scan scan = {
		.size = sizeof(scan),
		.start = start & ~(base - 1),
		.end = (end + base - 1) & ~(base - 1),
		.regions = (uintptr_t)regions,
		.region_count = REGIONS,
		.wanted = PAGE_IS_PRESENT | PAGE_IS_HUGE,
		.returned = PAGE_IS_HUGE,
	};

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	*bytes = 0;
	do {
		found = sys_gate(SYS_ioctl, fd, (long)PAGEMAP_SCAN, (long)&scan, 0, 0, 0);
		for (long i = 0; i < found; i++)
			*bytes += (size_t)(regions[i].end - regions[i].start);
		scan.start = scan.walk_end;
	} while (found >= 0 && scan.walk_end < scan.end);
	sys_close((int)fd);
	return found < 0 ? (int)found : 0;
}

/* Sets the mapping's counts to those of its part in the range. */
static void count_part(struct mapping *mapping, struct hugetlbfs_backing *backing)
{
	size_t present = count_present(mapping->overlap_start, mapping->overlap_end);
	size_t transparent = 0;

	if (mapping->hugetlb_kb) {
		mapping->hugetlb_kb = present >> 10;
		return;
	}
	if (mapping->transparent_kb == mapping->resident_kb)
		transparent = present;
	else if (mapping->transparent_kb &&
		 scan_transparent(mapping->overlap_start, mapping->overlap_end, &transparent))
		backing->exact = 0;
	if (transparent > present)
		transparent = present;
	mapping->resident_kb = present >> 10;
	mapping->transparent_kb = transparent >> 10;
}

/* Keeps the list rising; a size that finds no room is in the sum only. */
static void add_hugetlb(struct hugetlbfs_backing *backing, size_t page_bytes, size_t bytes)
{
	const size_t rows = sizeof(backing->hugetlb) / sizeof(backing->hugetlb[0]);
	size_t at = 0;

	backing->hugetlb_bytes += bytes;
	while (at < rows && backing->hugetlb[at].page_bytes &&
	       backing->hugetlb[at].page_bytes < page_bytes)
		at++;
	if (at == rows)
		return;
	if (backing->hugetlb[at].page_bytes != page_bytes) {
		memmove(&backing->hugetlb[at + 1], &backing->hugetlb[at],
			(rows - 1 - at) * sizeof(backing->hugetlb[0]));
		backing->hugetlb[at].page_bytes = page_bytes;
		backing->hugetlb[at].bytes = 0;
	}
	backing->hugetlb[at].bytes += bytes;
}

/* Adds what of a mapping lies in the range, once its fields are read. */
static void add_mapping(struct mapping *mapping, struct hugetlbfs_backing *backing)
{
	if (mapping->overlap_start >= mapping->overlap_end)
		return;
	backing->mapped_bytes += mapping->overlap_end - mapping->overlap_start;
	if (mapping->overlap_start != mapping->start || mapping->overlap_end != mapping->end)
		count_part(mapping, backing);
	if (mapping->hugetlb_kb)
		add_hugetlb(backing, mapping->page_bytes, (size_t)mapping->hugetlb_kb << 10);
	backing->transparent_bytes += (size_t)mapping->transparent_kb << 10;
	backing->small_bytes += (size_t)(mapping->resident_kb - mapping->transparent_kb) << 10;
}

int api_backing(uintptr_t address, size_t bytes, struct hugetlbfs_backing *backing)
{
	const uintptr_t range_end = address + bytes;
	struct mapping mapping = {0};
	struct stream smaps;
	uintptr_t start, end;
	char line[256];
	int result;

	memset(backing, 0, sizeof(*backing));
	backing->exact = 1;
	result = stream_open(&smaps, "/proc/self/smaps");
	if (result)
		return result;
	while (stream_line(&smaps, line, sizeof(line))) {
		if (!smaps_mapping(line, &start, &end)) {
			read_field(&mapping, line);
			continue;
		}
		add_mapping(&mapping, backing);
		mapping = (struct mapping){
			.start = start,
			.end = end,
			.overlap_start = start < address ? address : start,
			.overlap_end = end > range_end ? range_end : end,
		};
		if (start >= range_end)
			break;
	}
	add_mapping(&mapping, backing);
	stream_close(&smaps);
	return 0;
}

int hugetlbfs_backing(const void *address, size_t bytes, struct hugetlbfs_backing *backing)
{
	uintptr_t end;
	int result;

	if (!bytes || !backing || __builtin_add_overflow((uintptr_t)address, bytes, &end))
		return api_no_result(-EINVAL);
	result = api_backing((uintptr_t)address, bytes, backing);
	return result ? api_no_result(result) : 0;
}
