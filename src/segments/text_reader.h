/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a copy of text is read from: its file, where that is certainly what is in memory, or the
 * memory.
 *
 * Memory that nobody has run through yet is not in the page tables, and to get 64M there, page by
 * page, takes as long as copying them; from the file, pages of the cache are read as they are.
 */
#ifndef TEXT_READER_H
#define TEXT_READER_H

#include "segments/backing.h"

struct text_reader {
	const struct backing *backing;
	const struct plan_range *range;
	int fd;            /* -1: read memory */
	uint64_t offset;   /* in the file, of the range's start */
	size_t file_bytes; /* of the range; what is behind them is zero */
};

/*
 * Always succeeds: where the file can't be had, or a page of the text is the process's own (a
 * breakpoint, a relocation), memory is the source. The caller owes a text_reader_close().
 */
void text_reader_open(struct text_reader *text, const struct backing *backing,
		      const struct plan_range *range);
void text_reader_close(struct text_reader *text);

/* Reads what belongs to [from, to) to `to_address`, which is zero. 0 or -errno. */
int text_reader_read(const struct text_reader *text, uintptr_t from, uintptr_t to,
		     uintptr_t to_address);

#endif
