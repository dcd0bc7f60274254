/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call on a part of a System V segment that HUGETLB_SHM created on hugetlb pages, which the
 * kernel has refused.
 */
#ifndef SHM_PARTS_H
#define SHM_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is the call to be repeated, because the segment is now on small pages? *result: the kernel's;
 * -ENOMEM then where the lock is not available. */
bool shm_parts_again(long *result, uintptr_t from, size_t bytes);

#endif
