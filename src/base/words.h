/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words in the text of a variable, and numbers in the kernel's.
 *
 * Plain loops that depend on no locale. At program start the first call of any function of libc
 * costs one or two page faults, far more than these loops.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The number of bytes before `stop`, or before the end if it does not occur. */
static inline size_t word_bytes(const char *text, char stop)
{
	size_t bytes = 0;

	while (text[bytes] && text[bytes] != stop)
		bytes++;
	return bytes;
}

/* Is the word of length `bytes` equal to `what`? */
static inline bool word_is(const char *word, size_t bytes, const char *what)
{
	return strlen(what) == bytes && !memcmp(word, what, bytes);
}

/*
 * The number that text goes on with after blanks, in base 10 or 16 (lower case); 0 if there is no
 * digit. *text is then after its last digit. What the kernel prints fits into 64 bits.
 */
uint64_t word_number(const char **text, unsigned int base);

static inline char word_lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The same, ignoring the word's case; `what` is in lower case. */
static inline bool word_says(const char *word, size_t bytes, const char *what)
{
	size_t at = 0;

	while (at < bytes && what[at] && word_lower_case(word[at]) == what[at])
		at++;
	return at == bytes && !what[at];
}

#endif
