/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers in text: see words.h.
 */
#include <stdint.h>

#include "base/words.h"

uint64_t word_number(const char **text, unsigned int base)
{
	const char *at = *text;
	uint64_t value = 0;

	while (*at == ' ' || *at == '\t')
		at++;
	for (;; at++) {
		unsigned int digit = 16;

		if (*at >= '0' && *at <= '9')
			digit = (unsigned int)(*at - '0');
		else if (*at >= 'a' && *at <= 'f')
			digit = (unsigned int)(*at - 'a' + 10);
		if (digit >= base)
			break;
		value = value * base + digit;
	}
	*text = at;
	return value;
}
