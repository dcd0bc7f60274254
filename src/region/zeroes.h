/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base pages that read as zero become what nobody has touched, so that their next touch is a fault.
 *
 * Needs the lock (lock.h).
 */
#ifndef ZEROES_H
#define ZEROES_H

#include <stdint.h>

/*
 * Does so in [from, to), whole base pages in a region, none of which is huge, of memory that is no
 * file's. Pages that cannot be read, or that others cannot be kept from writing to, stay.
 */
void zeroes_drop(uintptr_t from, uintptr_t to);

#endif
