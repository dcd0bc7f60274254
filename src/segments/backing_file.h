/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages in the page cache of a segment's own file.
 */
#ifndef BACKING_FILE_H
#define BACKING_FILE_H

#include "segments/plan.h"

/*
 * Moves a range, whose address and file offset are congruent, to huge pages of the page cache. A
 * failure leaves it as it was. Returns how many bytes are huge now, or -errno.
 */
long backing_file_huge(const struct plan_range *range, size_t page_bytes);

#endif
