/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mbind and other calls that give a range of memory a property of which the library keeps no
 * record: huge pages that the range covers in part are split before.
 *
 * All set errno as libc's syscall(2) does, by which programs call them.
 * A call that touches no region goes to the kernel as it came.
 */
#ifndef CALLS_MEMPOLICY_H
#define CALLS_MEMPOLICY_H

#include <stddef.h>

/*
 * The library populates huge pages before the program touches them. So pages of a range that the
 * program binds before its first touch are moved to where that touch would have placed them.
 */
long call_mbind(void *address, size_t bytes, int mode, const unsigned long *nodes,
		unsigned long bits, unsigned int flags);

/* Any call of the form (address, bytes, c, d). */
long call_on_parts(long number, void *address, size_t bytes, long c, long d);

#endif
