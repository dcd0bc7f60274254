/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies what is not zero: see sparse.h.
 */
#include <stdbool.h>
#include <string.h>

#include "pages/sparse.h"

static bool is_zero(uintptr_t at, size_t bytes)
{
	const unsigned long *word = (const unsigned long *)at;

	for (size_t i = 0; i < bytes / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

void sparse_copy(uintptr_t to, uintptr_t from, size_t bytes, size_t page_bytes)
{
	for (size_t done = 0; done < bytes; done += page_bytes)
		if (!is_zero(from + done, page_bytes))
			memcpy((void *)(to + done), (const void *)(from + done), page_bytes);
}
