/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes as text: see size_text.h.
 */
#include <stdio.h>

#include "tools/common/size_text.h"

char *size_text_print(char text[SIZE_TEXT_BYTES], size_t bytes)
{
	const char *unit = "KMG";
	size_t count = bytes >> 10;

	if (!bytes || bytes & 1023) {
		snprintf(text, SIZE_TEXT_BYTES, "%zu", bytes);
		return text;
	}
	for (; !(count & 1023) && unit[1]; unit++)
		count >>= 10;
	snprintf(text, SIZE_TEXT_BYTES, "%zu%c", count, *unit);
	return text;
}
