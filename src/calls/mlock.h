/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mlock, munlock and related calls.
 *
 * All set errno as libc's functions do. A call that touches no region is passed to the kernel
 * unchanged.
 */
#ifndef CALLS_MLOCK_H
#define CALLS_MLOCK_H

#include <stddef.h>
#include <stdint.h>

int call_mlock(const void *address, size_t bytes);
int call_mlock2(const void *address, size_t bytes, unsigned int flags);
int call_mlockall(int flags);
int call_munlockall(void);
int call_munlock(const void *address, size_t bytes);

/* Like mlock, under the lock, on whole base pages: returns 0 or -errno. */
long mlock_ranges(uintptr_t from, uintptr_t to);

#endif
