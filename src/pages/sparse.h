/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that reads as zero: recognized, and copied to without allocating pages for zeroes.
 */
#ifndef SPARSE_H
#define SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sparse_is_zero(uintptr_t at, size_t bytes);

/* Copies to `to` those small pages of [from, from + bytes) that are not all zero. */
void sparse_copy(uintptr_t to, uintptr_t from, size_t bytes, size_t page_bytes);

/* The same for memory of this process that it may not read, by /proc/self/mem. Returns 0 or -errno.
 */
int sparse_copy_unreadable(uintptr_t to, uintptr_t from, size_t bytes);

/* How many bytes that would copy. */
size_t sparse_bytes(uintptr_t from, size_t bytes, size_t page_bytes);

#endif
