/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a file still what it was when the program mapped it, and does nobody write to it?
 */
#ifndef COPIES_UNCHANGED_H
#define COPIES_UNCHANGED_H

#include "copies/original.h"

/*
 * Before and after it is read. fd: open for reading, by us. 0, or -errno with original->reason:
 * -ESTALE: it has changed, or did a moment ago; -ETXTBSY: somebody has it open for writing;
 * -EACCES: nobody tells.
 */
int unchanged_check(struct original *original, int fd);

#endif
