/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The changes that hugeedit makes, to the program headers in memory only. */
#ifndef EDIT_H
#define EDIT_H

#include "tools/hugeedit/image.h"

enum edit_kind { EDIT_TEXT, EDIT_DATA, EDIT_CONSTANTS };

/*
 * Sets PF_LINUX_HUGETLB for every loaded segment of that kind. Returns -EINVAL after one line on
 * stderr if the file has none.
 */
int edit_mark(struct image *image, enum edit_kind kind);

/* Clears it for every segment. */
void edit_unmark(struct image *image);

/*
 * Raises the alignment, so that the file is loaded at a multiple of page_bytes. On failure one line
 * was printed and the headers are unchanged.
 */
int edit_align(struct image *image, size_t page_bytes);

/* Can the segment be aligned this way: do its address and its file offset agree modulo the page? */
bool edit_is_congruent(const GElf_Phdr *header, size_t page_bytes);

#endif
