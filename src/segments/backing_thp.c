/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies on transparent huge pages, which the kernel splits if the program protects or unmaps a
 * part, and to which a debugger can write.
 *
 * They are anonymous memory, which is fast to make. If libc is not hooked, text is in an in-memory
 * file instead, because anonymous text would be lost if the program has it read again from its
 * file.
 */
#include <errno.h>
#include <sys/auxv.h>

#include "base/sys.h"
#include "pages/executable.h"
#include "proc/pagemap.h"
#include "segments/backing_thp.h"
#include "segments/text_file.h"

int backing_thp_data(const struct plan_range *range, size_t page_bytes, struct prepared *prepared)
{
	const size_t bytes = range->end - range->start;
	long at = sys_mmap_aligned(bytes, page_bytes, PROT_READ | PROT_WRITE), failed;

	*prepared = (struct prepared){.fd = -1};
	if (SYS_IS_ERROR(at))
		return (int)at;
	prepared->address = (uintptr_t)at;
	prepared->bytes = bytes;
	failed = sys_madvise(prepared->address, bytes, MADV_HUGEPAGE);
	if (failed)
		backing_drop(prepared);
	return (int)failed;
}

/*
 * If no contiguous memory was free, the kernel has given small pages, and the copy would be worse
 * than the file's own pages: it is asked once to collapse them, and then the copy counts up to the
 * first page that is not huge.
 */
static size_t huge_bytes(uintptr_t at, size_t bytes, size_t page_bytes)
{
	struct pagemap pagemap;
	size_t huge;

	pagemap_open(&pagemap);
	huge = pagemap_huge_bytes(&pagemap, at, at + bytes);
	if (huge < bytes && !sys_madvise(at, bytes, MADV_COLLAPSE))
		huge = pagemap_huge_bytes(&pagemap, at, at + bytes);
	if (huge < bytes)
		for (huge = 0; huge < bytes; huge += page_bytes)
			if (pagemap_huge_bytes(&pagemap, at + huge, at + huge + page_bytes) <
			    page_bytes)
				break;
	pagemap_close(&pagemap);
	return huge;
}

/* Unmaps the rest after that; unmaps everything if nothing is huge. */
static void keep_huge(struct prepared *prepared, size_t page_bytes)
{
	const size_t huge = huge_bytes(prepared->address, prepared->bytes, page_bytes);

	if (!huge) {
		backing_drop(prepared);
		return;
	}
	if (huge < prepared->bytes)
		sys_munmap(prepared->address + huge, prepared->bytes - huge);
	prepared->bytes = huge;
}

int backing_thp_text(const struct backing *backing, const struct plan_range *range,
		     size_t page_bytes, struct prepared *prepared)
{
	struct backing_text text;
	int failed = backing_thp_data(range, page_bytes, prepared);

	if (failed)
		return failed;
	backing_open_text(&text, backing, range);
	failed = backing_read_text(&text, range->start, range->end, prepared->address);
	backing_close_text(&text);
	if (!failed)
		failed = sys_mprotect(prepared->address, prepared->bytes, range->protection);
	if (failed) {
		backing_drop(prepared);
		return failed;
	}
	keep_huge(prepared, page_bytes);
	return prepared->bytes ? 0 : -ENOMEM;
}

/*
 * The file's memory is on small pages, whatever the settings for in-memory files, until the kernel
 * is asked to collapse it (Linux 6.1). It collapses a range that has any page, and what is missing
 * is zero: so one small page, at the end, makes a huge one.
 */
static int give_page(const struct text_file *file, uint64_t offset, uintptr_t window)
{
	const size_t small_bytes = getauxval(AT_PAGESZ);
	long failed = sys_fallocate(file->fd, offset + file->page_bytes - small_bytes, small_bytes);

	if (!failed)
		failed = sys_madvise(window, file->page_bytes, MADV_COLLAPSE);
	return (int)failed;
}

int backing_thp_text_file(const struct backing *backing, const struct plan_range *range,
			  size_t page_bytes, struct prepared *prepared)
{
	struct text_file file = {.page_bytes = page_bytes, .give_page = give_page};
	long fd = executable_file(EXECUTABLE_TEXT);
	int failed;

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	file.fd = (int)fd;
	failed = text_file_prepare(&file, backing, range, prepared);
	if (failed)
		return failed;
	keep_huge(prepared, page_bytes);
	return prepared->bytes ? 0 : -ENOMEM;
}
