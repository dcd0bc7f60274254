/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much more memory the cgroups of this process allow (memory.max, or memory.limit_in_bytes of
 * cgroup v1). A process that exceeds it is killed, so it is asked before the library copies memory.
 *
 * Hugetlb pages usually do not count towards these limits, but the base pages that take their place
 * do.
 */
#ifndef MEMORY_LIMIT_H
#define MEMORY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Do they allow this number of bytes more? The page cache does not count, as the kernel reclaims it
 * first. True also if there is no limit, or it cannot be read, or in a sandbox. Makes no system
 * call while the process has no limit, except at the first call and at each MEMORY_LIMIT_AGAIN-th,
 * since a limit may be set later. System calls only; not reentrant, so the caller holds a lock.
 */
#define MEMORY_LIMIT_AGAIN 64

bool memory_limit_allows(size_t bytes);

#endif
