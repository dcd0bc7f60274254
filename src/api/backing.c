/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugetlbfs_backing(3): which pages back a range of memory, as the kernel reports it.
 *
 * /proc/self/smaps has counts for whole mappings. Where the range covers only part of a mapping,
 * its pages are counted one by one in /proc/self/pagemap, which shows whether each page is present
 * and, since Linux 6.7, whether it is huge.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "api/api.h"
#include "base/align.h"
#include "base/sys.h"
#include "proc/pagemap.h"
#include "proc/smaps.h"

/* The part of a mapping that lies in the range, and the kind of its pages. */
struct part {
	uintptr_t start, end;
	size_t hugetlb_bytes, resident_bytes, transparent_bytes;
};

/* The bytes that two ranges have in common. */
static size_t common_bytes(uintptr_t start, uintptr_t end, uintptr_t other_start,
			   uintptr_t other_end)
{
	const uintptr_t from = start > other_start ? start : other_start;
	const uintptr_t to = end < other_end ? end : other_end;

	return from < to ? to - from : 0;
}

/* Counts the bytes of a range whose pages are present. Returns 0 or -errno. */
static int count_present(uintptr_t start, uintptr_t end, size_t *bytes)
{
	const size_t base = getauxval(AT_PAGESZ);
	struct pagemap pagemap;
	uint64_t entries[128];
	long got = 0;

	*bytes = 0;
	pagemap_open(&pagemap);
	for (uintptr_t at = align_down(start, base); at < end;) {
		size_t pages = align_up(end - at, base) / base;

		if (pages > sizeof(entries) / sizeof(entries[0]))
			pages = sizeof(entries) / sizeof(entries[0]);
		got = pagemap_read(&pagemap, at / base, entries, pages);
		if (got <= 0)
			break;
		for (long i = 0; i < got; i++, at += base)
			if (entries[i] & PAGEMAP_PRESENT)
				*bytes += common_bytes(start, end, at, at + base);
	}
	pagemap_close(&pagemap);
	return SYS_IS_ERROR(pagemap.fd) ? (int)got : 0;
}

static int count_transparent(uintptr_t start, uintptr_t end, size_t *bytes)
{
	struct pagemap pagemap;
	int result;

	pagemap_open(&pagemap);
	result = pagemap_count_huge(&pagemap, start, end, bytes);
	pagemap_close(&pagemap);
	return result;
}

/* Replaces the counts of the whole mapping by those of the part. Returns 0 or -errno. */
static int count_part(struct part *part, struct hugetlbfs_backing *backing)
{
	size_t present, transparent = 0;
	const int result = count_present(part->start, part->end, &present);

	if (result)
		return result;
	if (part->hugetlb_bytes) {
		part->hugetlb_bytes = present;
		return 0;
	}
	if (part->transparent_bytes == part->resident_bytes)
		transparent = present;
	else if (part->transparent_bytes && count_transparent(part->start, part->end, &transparent))
		backing->exact = 0;
	if (transparent > present)
		transparent = present;
	part->resident_bytes = present;
	part->transparent_bytes = transparent;
	return 0;
}

/* Keeps the list ascending; if the list is full, a further size is only added to the total. */
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

static size_t bytes_of_kb(unsigned long long kb)
{
	return (size_t)kb << 10;
}

/* Adds the part of a mapping that lies in the range. Returns 0 or -errno. */
static int add_mapping(const struct smaps_mapping *mapping, uintptr_t start, uintptr_t end,
		       struct hugetlbfs_backing *backing)
{
	struct part part = {
		.start = mapping->start > start ? mapping->start : start,
		.end = mapping->end < end ? mapping->end : end,
		.hugetlb_bytes = bytes_of_kb(smaps_hugetlb_kb(mapping)),
		.resident_bytes = bytes_of_kb(mapping->value[SMAPS_RSS]),
		.transparent_bytes = bytes_of_kb(mapping->value[SMAPS_ANON_HUGE] +
						 mapping->value[SMAPS_SHMEM_PMD] +
						 mapping->value[SMAPS_FILE_PMD]),
	};
	int result = 0;

	if (part.start >= part.end)
		return 0;
	backing->mapped_bytes += part.end - part.start;
	if (part.start != mapping->start || part.end != mapping->end)
		result = count_part(&part, backing);
	if (result)
		return result;
	if (part.hugetlb_bytes)
		add_hugetlb(backing, bytes_of_kb(mapping->value[SMAPS_KERNEL_PAGE]),
			    part.hugetlb_bytes);
	backing->transparent_bytes += part.transparent_bytes;
	backing->small_bytes += part.resident_bytes - part.transparent_bytes;
	return 0;
}

int api_backing(uintptr_t address, size_t bytes, struct hugetlbfs_backing *backing)
{
	const uintptr_t end = address + bytes;
	struct smaps_mapping mapping;
	struct smaps smaps;
	int result;

	memset(backing, 0, sizeof(*backing));
	backing->exact = 1;
	result = smaps_open(&smaps, "/proc/self/smaps");
	if (result)
		return result;
	while (!result && smaps_next(&smaps, &mapping) && mapping.start < end)
		result = add_mapping(&mapping, address, end, backing);
	smaps_close(&smaps);
	return result;
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
