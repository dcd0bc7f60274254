/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file's own pages, huge: no copy, shared by all processes that map the file, and the name
 * stays.
 *
 * Needs a file system that keeps large folios in the page cache (ext4, xfs, btrfs and others in
 * recent kernels), and a mapping that agrees with its file modulo the huge page. What the cache
 * already has in small pages is evicted and read again, once, and only if a first page shows that
 * this helps.
 */
#include <stdbool.h>

#include "base/sys.h"
#include "proc/mapped_file.h"
#include "proc/pagemap.h"
#include "segments/backing_file.h"

/* Has a part of the file read again; the mapping itself stays. */
static void read_again(const struct mapped_file *file, const struct plan_range *range,
		       uintptr_t start, size_t bytes)
{
	if (sys_madvise(start, bytes, MADV_DONTNEED))
		return;
	sys_forget_cache(file->fd, file->offset + (start - range->start), bytes);
	sys_madvise(start, bytes, MADV_POPULATE_READ);
}

/* A range, and the part of it that is huge so far. */
struct file_text {
	const struct plan_range *range;
	size_t page_bytes;
	struct pagemap page_tables;
};

static size_t huge_bytes(const struct file_text *text)
{
	return pagemap_huge_bytes(&text->page_tables, text->range->start, text->range->end);
}

static bool is_huge(const struct file_text *text, uintptr_t at)
{
	return pagemap_huge_bytes(&text->page_tables, at, at + text->page_bytes) ==
	       text->page_bytes;
}

/* The first page that is not huge, or the end. */
static uintptr_t first_small(const struct file_text *text)
{
	uintptr_t at = text->range->start;

	while (at < text->range->end && is_huge(text, at))
		at += text->page_bytes;
	return at;
}

static void evict(const struct file_text *text)
{
	const struct plan_range *range = text->range;
	const size_t page_bytes = text->page_bytes;
	uintptr_t first = first_small(text);
	struct mapped_file file;

	if (mapped_file_open(range->start, range->end - range->start, &file))
		return;
	read_again(&file, range, first, page_bytes);
	if (is_huge(text, first))
		for (uintptr_t at = first; at < range->end; at += page_bytes)
			if (!is_huge(text, at))
				read_again(&file, range, at, page_bytes);
	sys_close(file.fd);
}

static long make_huge(const struct file_text *text)
{
	const size_t bytes = text->range->end - text->range->start;
	size_t huge = huge_bytes(text);
	long failed;

	if (huge == bytes)
		return (long)huge;
	failed = sys_madvise(text->range->start, bytes, MADV_HUGEPAGE);
	if (failed)
		return failed;
	sys_madvise(text->range->start, bytes, MADV_POPULATE_READ);
	huge = huge_bytes(text);
	if (huge == bytes)
		return (long)huge;
	evict(text);
	return (long)huge_bytes(text);
}

long backing_file_huge(const struct plan_range *range, size_t page_bytes)
{
	struct file_text text = {.range = range, .page_bytes = page_bytes};
	long huge;

	pagemap_open(&text.page_tables);
	huge = make_huge(&text);
	pagemap_close(&text.page_tables);
	return huge;
}
