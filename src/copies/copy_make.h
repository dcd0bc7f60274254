/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the copy of a file: see copy.h.
 *
 * Its maker holds a lock (flock) on a file of the directory, "making-" and the copy's name, whose
 * size says how much of the copy there is. Others wait as long as it grows; a maker that ends, by
 * whatever, lets go of the lock, and the next one begins again.
 */
#ifndef COPIES_COPY_MAKE_H
#define COPIES_COPY_MAKE_H

#include "copies/copy_name.h"

/*
 * Makes the copy of that name in copy->directory, of at most that many bytes, or waits for the
 * process that does. 0: there should be one now. Or -errno, with a reason, and nothing left.
 */
int copy_make(struct copy *copy, uint64_t bytes);

#endif
