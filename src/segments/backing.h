/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What segments are put on: a copy on hugetlb pages, a copy on transparent huge pages, or the pages
 * of the file itself.
 *
 * A copy is prepared aside, where nobody sees it, and costs nothing if it fails; swap.h puts it in
 * place. Nothing here is ever writable and executable. System calls only.
 */
#ifndef BACKING_H
#define BACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/source.h"
#include "segments/plan.h"

/* What all ranges of a process have in common. */
struct backing {
	const struct plan_piece *pieces; /* all that is mapped */
	size_t piece_count;
	struct source source;             /* of the hugetlb pages for this kind of segment */
	bool copy_all;                    /* zero pages of bss, too */
	uintptr_t break_start, break_end; /* heap that nobody has yet: no hole, and no piece */
};

/* A copy that waits to be put in place; what is beyond bytes of the range was not to be had. */
struct prepared {
	uintptr_t address;
	size_t bytes;
	int fd; /* text in a file in memory: the file, which has all of its pages; else -1 */
};

/*
 * Each prepares a range from its start on, as far as there are pages: text with its contents and
 * its protection, data empty and writable. Returns 0 and *prepared, or -errno with nothing left.
 * What is prepared goes to swap_in(), or to backing_drop().
 */
int hugetlb_prepare_text(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared);
int hugetlb_prepare_data(const struct backing *backing, const struct plan_range *range,
			 struct prepared *prepared);
int thp_prepare_text(const struct backing *backing, const struct plan_range *range,
		     size_t page_bytes, struct prepared *prepared);
int thp_prepare_text_file(const struct backing *backing, const struct plan_range *range,
			  size_t page_bytes, struct prepared *prepared);
int thp_prepare_data(const struct plan_range *range, size_t page_bytes, struct prepared *prepared);

/* The same for text of which fd is a complete copy, from its offset 0 on; takes fd over. */
int hugetlb_prepare_filled(int fd, const struct plan_range *range, struct prepared *prepared);

/* Gives back what was prepared, and is not wanted. */
void backing_drop(struct prepared *prepared);

/*
 * Puts a range, whose address and file offset agree, on huge pages of its file's page cache. In
 * place: a failure leaves it as it was. Returns how many bytes are huge now, or -errno.
 */
long file_make_huge(const struct plan_range *range, size_t page_bytes);

/*
 * Copies what lies in [from, to) to `to_address`. Between its first and last instruction nothing
 * of the library's own data is written. Returns 0, or -errno where the memory can't be read.
 */
int backing_copy(const struct backing *backing, const struct plan_range *range, uintptr_t from,
		 uintptr_t to, uintptr_t to_address);

/*
 * How much of a range, from its start on, is one stretch of one file; 0 where more of the file
 * follows a hole, as then the range is no stretch of the file.
 */
size_t backing_file_bytes(const struct backing *backing, const struct plan_range *range);

/* A hole of so many bytes in the address space, at a multiple of page_bytes; nothing is mapped
 * there, and another thread may take it. Returns the address or -errno. */
long backing_find_hole(size_t bytes, size_t page_bytes);

#endif
