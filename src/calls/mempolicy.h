/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mbind and other calls that set a property of a range of memory which the library does not record:
 * huge pages that the range covers in part are split first.
 *
 * All set errno as libc's syscall(2) does, by which programs make these calls. A call that touches
 * no region is passed to the kernel unchanged.
 */
#ifndef CALLS_MEMPOLICY_H
#define CALLS_MEMPOLICY_H

#include <stddef.h>

/*
 * The library may populate huge pages before the program touches them. So pages of a range that the
 * program binds before its first touch are moved to where that touch would have placed them.
 */
long call_mbind(void *address, size_t bytes, int mode, const unsigned long *nodes,
		unsigned long bits, unsigned int flags);

/* A policy for what the calling thread touches from now on. */
long call_set_mempolicy(int mode, const unsigned long *nodes, unsigned long bits);

/* Any call of the form (address, bytes, c, d). */
long call_on_parts(long number, void *address, size_t bytes, long c, long d);

#endif
