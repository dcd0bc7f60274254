/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool of huge pages of one size: its counts.
 *
 * Reads /sys at each call. Does not call malloc; functions return 0 or -errno unless described
 * otherwise.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>

/* One pool: counts of pages, as /sys/kernel/mm/hugepages/hugepages-<n>kB/ has them. */
struct pool {
	unsigned long total, available, reserved, surplus, overcommit;
};

/* -ENOENT: no such size, or no /sys. */
int pool_read(size_t page_bytes, struct pool *pool);

/* Pages that the pool may have: its own, plus what may be overcommitted. */
unsigned long pool_pages(const struct pool *pool);

/* Pages that a new mapping may get: free and not reserved, plus what may be overcommitted. */
unsigned long pool_obtainable(const struct pool *pool);

/* Is that zero, as far as can be determined? Reads two counts if the pool has free pages. */
bool pool_is_empty(size_t page_bytes);

#endif
