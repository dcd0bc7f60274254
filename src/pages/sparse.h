/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies into memory that reads as zero, without allocating pages for zeroes.
 */
#ifndef SPARSE_H
#define SPARSE_H

#include <stddef.h>
#include <stdint.h>

/* Copies to `to` those small pages of [from, from + bytes) that are not all zero. */
void sparse_copy(uintptr_t to, uintptr_t from, size_t bytes, size_t page_bytes);

#endif
