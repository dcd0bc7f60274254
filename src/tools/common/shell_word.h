/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for a shell to read.
 */
#ifndef SHELL_WORD_H
#define SHELL_WORD_H

#include <stdio.h>

/*
 * Writes a word as every shell reads it: bare where that is safe, else in single quotes. Not for
 * the first word of a command, unless it has no equals sign.
 */
void shell_word_write(const char *word, FILE *stream);

/* The same, with quotes in any case. */
void shell_word_write_quoted(const char *word, FILE *stream);

/* As shell_word_write(), on standard output. */
void shell_word_print(const char *word);

/* Into a buffer of so many bytes, which is returned; empty where there is no room for it. */
const char *shell_word(const char *word, char *text, size_t bytes);

#endif
