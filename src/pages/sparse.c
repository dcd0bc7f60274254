/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that reads as zero: see sparse.h.
 */
#include <string.h>

#include "pages/sparse.h"

/* A word at any address. */
typedef unsigned long __attribute__((may_alias, aligned(1))) word;

#define WORDS_AT_ONCE 16

/* The inner loop has a constant length and one exit, so that the compiler can vectorize it. */
bool sparse_is_zero(uintptr_t at, size_t bytes)
{
	const uintptr_t end = at + bytes;

	for (; end - at >= WORDS_AT_ONCE * sizeof(word); at += WORDS_AT_ONCE * sizeof(word)) {
		unsigned long any = 0;

		for (int i = 0; i < WORDS_AT_ONCE; i++)
			any |= ((const word *)at)[i];
		if (any)
			return false;
	}
	for (; at < end; at++)
		if (*(const char *)at)
			return false;
	return true;
}

void sparse_copy(uintptr_t to, uintptr_t from, size_t bytes, size_t page_bytes)
{
	for (size_t done = 0; done < bytes; done += page_bytes)
		if (!sparse_is_zero(from + done, page_bytes))
			memcpy((void *)(to + done), (const void *)(from + done), page_bytes);
}
