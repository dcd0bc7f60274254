/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quotes words for a shell.
 */
#ifndef SHELL_WORD_H
#define SHELL_WORD_H

#include <stdio.h>

/*
 * Writes a word in a form that every shell reads the same way: bare if that is safe, otherwise in
 * single quotes. Only for the first word of a command if it has no equals sign.
 */
void shell_word_write(const char *word, FILE *stream);

/* The same, always with quotes. */
void shell_word_write_quoted(const char *word, FILE *stream);

/* Like shell_word_write(), on standard output. */
void shell_word_print(const char *word);

/* Writes to a buffer of that size and returns it; it is empty if the word does not fit. */
const char *shell_word(const char *word, char *text, size_t bytes);

#endif
