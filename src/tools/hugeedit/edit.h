/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The changes that hugeedit makes, to the program headers in memory only. */
#ifndef EDIT_H
#define EDIT_H

#include "tools/hugeedit/image.h"

enum edit_kind { EDIT_TEXT, EDIT_DATA, EDIT_CONSTANTS };

/*
 * Sets PF_LINUX_HUGETLB of every loaded segment of that kind. Returns -EINVAL with one line on
 * stderr where the file has none.
 */
int edit_mark(struct image *image, enum edit_kind kind);

/* Clears it of every segment. */
void edit_unmark(struct image *image);

/*
 * Raises the alignment, so that the file is loaded on a boundary of page_bytes. On failure one
 * line was written and the headers are as they were.
 */
int edit_align(struct image *image, size_t page_bytes);

/* Can the segment be aligned so: do its address and its place in the file agree modulo the page? */
bool edit_is_congruent(const GElf_Phdr *header, size_t page_bytes);

#endif
