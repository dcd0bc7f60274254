/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two kinds of copies share: see backing.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/sys.h"
#include "pages/sparse.h"
#include "segments/backing.h"

/*
 * Maps the pages by one call, which is faster than one page fault each. If the kernel cannot read
 * them (the file was truncated) the call returns an error, without a signal.
 */
static int make_readable(uintptr_t from, uintptr_t to)
{
	long result = sys_madvise(from, to - from, MADV_POPULATE_READ);

	/* an older kernel: then each page is a page fault */
	return result == -EINVAL ? 0 : (int)result;
}

int backing_copy(const struct backing *backing, const struct plan_range *range, uintptr_t from,
		 uintptr_t to, uintptr_t to_address)
{
	for (size_t i = range->first_piece; i < backing->piece_count; i++) {
		const struct plan_piece *piece = &backing->pieces[i];
		uintptr_t start = piece->start > from ? piece->start : from;
		uintptr_t end = piece->end < to ? piece->end : to;
		int failed;

		if (piece->start >= to)
			break;
		if (start >= end || piece->kind == PLAN_GAP)
			continue;
		failed = make_readable(start, end);
		if (failed)
			return failed;
		if (piece->kind == PLAN_TEXT || piece->file || backing->copy_all)
			memcpy((void *)(to_address + (start - from)), (const void *)start,
			       end - start);
		else
			sparse_copy(to_address + (start - from), start, end - start,
				    getauxval(AT_PAGESZ));
	}
	return 0;
}

size_t backing_file_bytes(const struct backing *backing, const struct plan_range *range)
{
	uintptr_t end = range->start;
	uint64_t offset = 0;

	for (size_t i = range->first_piece; i < backing->piece_count; i++) {
		const struct plan_piece *piece = &backing->pieces[i];

		if (piece->start >= range->end)
			break;
		if (piece->kind == PLAN_GAP || piece->end <= range->start)
			continue;
		if (!piece->file || piece->start > end ||
		    (end > range->start && piece->offset != offset))
			return 0;
		end = piece->end < range->end ? piece->end : range->end;
		offset = piece->offset + (piece->end - piece->start);
	}
	return end - range->start;
}

void backing_open_text(struct backing_text *text, const struct backing *backing,
		       const struct plan_range *range)
{
	const size_t file_bytes = backing_file_bytes(backing, range);

	*text = (struct backing_text){.backing = backing, .range = range, .file_bytes = file_bytes};
	if (!file_bytes || mapped_file_open(range->start, file_bytes, &text->file))
		text->file.fd = -1;
}

void backing_close_text(struct backing_text *text)
{
	if (text->file.fd >= 0)
		sys_close(text->file.fd);
}

int backing_read_text(const struct backing_text *text, uintptr_t from, uintptr_t to,
		      uintptr_t to_address)
{
	const uintptr_t file_end = text->range->start + text->file_bytes;

	if (text->file.fd >= 0) {
		const uintptr_t end = to < file_end ? to : file_end;

		if (end <= from ||
		    mapped_file_read(&text->file, from - text->range->start, (void *)to_address,
				     end - from) == (long)(end - from))
			return 0;
	}
	return backing_copy(text->backing, text->range, from, to, to_address);
}

void backing_drop(struct prepared *prepared)
{
	if (prepared->bytes)
		sys_munmap(prepared->address, prepared->bytes);
	if (prepared->fd >= 0)
		sys_close(prepared->fd);
	prepared->bytes = 0;
	prepared->fd = -1;
}
