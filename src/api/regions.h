/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The regions that the program got from us and has not given back: what free_huge_pages(3) and its
 * kin need to know of an address.
 *
 * Callable from any thread and in a fork's child, whatever the parent's threads were doing: there
 * is no lock. Uses mmap, nothing else.
 */
#ifndef REGIONS_H
#define REGIONS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Remembers that [start, start + bytes) was handed out as address, which lies in it. What is
 * remembered of that range from before is stale (the program unmapped it itself), and is forgotten.
 * Returns 0 or -ENOMEM.
 */
int regions_add(uintptr_t address, uintptr_t start, size_t bytes);

/* Forgets what was handed out as address, and says where it lies; -EINVAL: nothing was. */
int regions_take(uintptr_t address, uintptr_t *start, size_t *bytes);

#endif
