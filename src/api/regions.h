/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The regions that the program has allocated and not yet freed: what free_huge_pages(3) and related
 * functions need to know about an address.
 *
 * Callable from any thread and in a fork's child, whatever the parent's threads were doing: there
 * is no lock. The only system call is mmap.
 */
#ifndef REGIONS_H
#define REGIONS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Records that [start, start + bytes) was returned as address, which lies in it. Older entries for
 * that range are stale (the program unmapped it itself) and are removed. Returns 0 or -ENOMEM.
 */
int regions_add(uintptr_t address, uintptr_t start, size_t bytes);

/* Removes the entry for address and returns its range; -EINVAL: there is no such entry. */
int regions_take(uintptr_t address, uintptr_t *start, size_t *bytes);

#endif
