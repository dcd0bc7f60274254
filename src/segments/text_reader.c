/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading text: see text_source.h.
 */
#include "base/sys.h"
#include "segments/share_file.h"
#include "segments/text_reader.h"

void text_reader_open(struct text_reader *text, const struct backing *backing,
		      const struct plan_range *range)
{
	const struct share_text whole = {.address = range->start,
					 .bytes = range->end - range->start,
					 .file_bytes = backing_file_bytes(backing, range)};
	struct share_file file;

	*text = (struct text_reader){.backing = backing, .range = range, .fd = -1};
	if (!whole.file_bytes || share_file_open(&whole, &file))
		return;
	text->fd = file.fd;
	text->offset = file.offset;
	text->file_bytes = whole.file_bytes;
}

void text_reader_close(struct text_reader *text)
{
	if (text->fd >= 0)
		sys_close(text->fd);
}

/* False: the file ends too early, or can't be read. */
static bool read_file(const struct text_reader *text, size_t from, size_t bytes, char *to)
{
	while (bytes) {
		long got = sys_pread(text->fd, to, bytes, (size_t)text->offset + from);

		if (got <= 0)
			return false;
		from += (size_t)got;
		to += got;
		bytes -= (size_t)got;
	}
	return true;
}

int text_reader_read(const struct text_reader *text, uintptr_t from, uintptr_t to,
		     uintptr_t to_address)
{
	const uintptr_t file_end = text->range->start + text->file_bytes;

	if (text->fd >= 0) {
		const uintptr_t end = to < file_end ? to : file_end;

		if (end <= from ||
		    read_file(text, from - text->range->start, end - from, (char *)to_address))
			return 0;
	}
	return backing_copy(text->backing, text->range, from, to, to_address);
}
