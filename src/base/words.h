/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words in the text of a variable.
 *
 * Plain loops, that go by no locale. At a start each function of libc that nobody has called yet
 * costs one or two page faults, far more than what it does here.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* How many bytes there are before `stop`, or before the end where it does not occur. */
static inline size_t word_bytes(const char *text, char stop)
{
	size_t bytes = 0;

	while (text[bytes] && text[bytes] != stop)
		bytes++;
	return bytes;
}

/* Is the word, so many bytes long, `what`? */
static inline bool word_is(const char *word, size_t bytes, const char *what)
{
	return strlen(what) == bytes && !memcmp(word, what, bytes);
}

static inline char word_lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The same, where `what` is in lower case and the word in either. */
static inline bool word_says(const char *word, size_t bytes, const char *what)
{
	size_t at = 0;

	while (at < bytes && what[at] && word_lower_case(word[at]) == what[at])
		at++;
	return at == bytes && !what[at];
}

#endif
