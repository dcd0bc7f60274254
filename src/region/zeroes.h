/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frees base pages that read as zero, so that their next touch is a page fault.
 *
 * Needs the lock (lock.h).
 */
#ifndef ZEROES_H
#define ZEROES_H

#include <stdint.h>

/*
 * Does so in [from, to), whole base pages in a region, none of them huge, of memory that is not a
 * file's. Pages that cannot be read, or that others cannot be kept from writing to, stay.
 */
void zeroes_drop(uintptr_t from, uintptr_t to);

#endif
