/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copying into memory that reads as zero, without taking pages for what is zero.
 */
#ifndef SPARSE_H
#define SPARSE_H

#include <stddef.h>
#include <stdint.h>

/* Copies those small pages of [from, from + bytes) to `to` on that are not zero all over. */
void sparse_copy(uintptr_t to, uintptr_t from, size_t bytes, size_t page_bytes);

#endif
