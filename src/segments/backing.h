/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The new pages of segments: a copy on hugetlb pages, a copy on transparent huge pages, or the
 * pages of the file itself.
 *
 * A copy is prepared elsewhere, invisible to the program, and costs nothing if it fails; swap.h
 * puts it in place. Nothing here is ever writable and executable. System calls only.
 */
#ifndef BACKING_H
#define BACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/source.h"
#include "proc/mapped_file.h"
#include "segments/plan.h"

/* Common to all ranges of a process. */
struct backing {
	const struct plan_piece *pieces; /* all that is mapped */
	size_t piece_count;
	struct source source;             /* of the hugetlb pages for this kind of segment */
	bool copy_all;                    /* copy zero pages of bss, too */
	uintptr_t break_start, break_end; /* heap that is not allocated yet: neither a hole nor a
					   * piece */
};

/*
 * A copy that waits to be put in place: text with its contents and its protection, data empty and
 * writable. The functions that prepare one return 0 and *prepared, or -errno with nothing left; it
 * goes to swap_in() or to backing_drop().
 */
struct prepared {
	uintptr_t address;
	size_t bytes; /* of the range, from its start; there were no pages for the rest */
	int fd;       /* text in an in-memory file: the file, which has all of its pages;
		       * otherwise -1 */
};

/* Discards a prepared copy. */
void backing_drop(struct prepared *prepared);

/*
 * Copies the content of [from, to) to `to_address`. Between its first and last instruction none of
 * the library's own data is written. Returns 0, or -errno if the memory cannot be read.
 */
int backing_copy(const struct backing *backing, const struct plan_range *range, uintptr_t from,
		 uintptr_t to, uintptr_t to_address);

/*
 * How much of a range, from its start on, is a single mapping of one file; 0 if more of the file
 * follows after a hole, because then the range is not contiguous in the file.
 */
size_t backing_file_bytes(const struct backing *backing, const struct plan_range *range);

/*
 * The text of a range, from its file or from memory. Memory that nobody has executed yet is not in
 * the page tables: to map 64M page by page takes as long as copying it, and reading the file does
 * not need that.
 */
struct backing_text {
	const struct backing *backing;
	const struct plan_range *range;
	struct mapped_file file; /* its fd is -1: read memory */
	size_t file_bytes;       /* of the range; the rest is zero */
};

/*
 * Always succeeds: if the file cannot be opened, or the process has a copy of its own of a page (a
 * breakpoint, a relocation), the text is read from memory. The caller calls backing_close_text().
 */
void backing_open_text(struct backing_text *text, const struct backing *backing,
		       const struct plan_range *range);
void backing_close_text(struct backing_text *text);

/* Reads what belongs to [from, to) to `to_address`, which is zero. Returns 0 or -errno. */
int backing_read_text(const struct backing_text *text, uintptr_t from, uintptr_t to,
		      uintptr_t to_address);

#endif
