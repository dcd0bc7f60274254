/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies on hugetlb pages.
 *
 * Text is in an unlinked file (text_file.h) that owns the pages: they need no reservation, and no
 * private second page. Data is a private mapping, populated, whose pages belong to the process.
 */
#include <errno.h>

#include "base/sys.h"
#include "segments/backing_hugetlb.h"
#include "segments/text_file.h"

/* How often a call interrupted by a signal is retried. */
#define RETRIES_MAX 5

static int give_page(const struct text_file *file, uint64_t offset, uintptr_t window)
{
	long result = -EINTR;

	(void)window;
	for (int i = 0; i < RETRIES_MAX && result == -EINTR; i++)
		result = sys_fallocate(file->fd, offset, file->page_bytes);
	return (int)result;
}

static int prepare_text(const struct backing *backing, const struct source *source,
			const struct plan_range *range, struct prepared *prepared)
{
	const struct text_file file = {.fd = source_open(source),
				       .page_bytes = source->page_bytes,
				       .hugetlb = true,
				       .give_page = give_page};

	if (file.fd < 0)
		return file.fd;
	return text_file_prepare(&file, backing, range, prepared);
}

int backing_hugetlb_text(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared)
{
	struct source source = backing->source;
	const size_t pages = (range->end - range->start) / source.page_bytes;
	int failed;

	if (source_allowed(&source, pages) < pages)
		return -ENOMEM;
	failed = prepare_text(backing, &source, range, prepared);

	/* a mount may be too small, or mounted noexec; a memfd is neither */
	if (failed && source.mount) {
		source.mount = NULL;
		failed = prepare_text(backing, &source, range, prepared);
	}
	return failed;
}

int backing_hugetlb_filled(int fd, const struct plan_range *range, struct prepared *prepared)
{
	const struct text_file file = {.fd = fd, .hugetlb = true};
	int failed;

	*prepared = (struct prepared){.fd = fd, .bytes = range->end - range->start};
	failed = text_file_map(&file, range, prepared);
	if (failed) {
		prepared->bytes = 0;
		backing_drop(prepared);
	}
	return failed;
}

/* A hole in the address space, at a multiple of page_bytes; another thread may take it. Returns the
 * address or -errno. */
static long find_hole(size_t bytes, size_t page_bytes)
{
	long at = sys_mmap_aligned(bytes, page_bytes, PROT_NONE);

	if (!SYS_IS_ERROR(at))
		sys_munmap((uintptr_t)at, bytes);
	return at;
}

/* How often another hole is tried if another thread has used the first one. */
#define HOLES_MAX 5

int backing_hugetlb_data(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared)
{
	struct source source = backing->source;
	const size_t pages = (range->end - range->start) / source.page_bytes;

	*prepared = (struct prepared){.fd = -1};
	source.memfd = true;
	for (int i = 0; i < HOLES_MAX; i++) {
		long at = find_hole(pages * source.page_bytes, source.page_bytes);

		if (SYS_IS_ERROR(at))
			return (int)at;
		prepared->address = (uintptr_t)at;
		prepared->bytes =
			source_map_huge(&source, (uintptr_t)at, pages) * source.page_bytes;
		if (prepared->bytes)
			return 0;
		if (source.last_error != -EEXIST)
			break;
	}
	return source.last_error ? source.last_error : -ENOMEM;
}
