/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * madvise, posix_madvise and process_madvise.
 *
 * All set errno as libc's functions do. A call that touches no region is passed to the kernel
 * unchanged.
 */
#ifndef CALLS_MADVISE_H
#define CALLS_MADVISE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

int call_madvise(void *address, size_t bytes, int advice);
int call_posix_madvise(void *address, size_t bytes, int advice);
ssize_t call_process_madvise(int pidfd, const struct iovec *parts, size_t count, int advice,
			     unsigned int flags);

/* Like madvise, under the lock, on whole base pages: returns 0 or -errno. */
long madvise_ranges(uintptr_t from, uintptr_t to, int advice);

/*
 * The kernel's result of a call (its number, with one more argument) on [from, to), if hugetlb
 * pages need no treatment: 0 or -errno. Under the lock.
 */
long madvise_small_runs(uintptr_t from, uintptr_t to, long number, int advice);

#endif
