/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words quoted for a shell: see shell_word.h.
 *
 * An equals sign is safe inside a word, but not in the first word of a command, where a=b would set
 * a variable, and not at the start of a word: zsh takes =ls for /bin/ls.
 */
#include <stdio.h>
#include <string.h>

#include "tools/common/shell_word.h"

void shell_word_write(const char *word, FILE *stream)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-+./:,@%=";

	if (*word && *word != '=' && !word[strspn(word, safe)])
		fputs(word, stream);
	else
		shell_word_write_quoted(word, stream);
}

void shell_word_write_quoted(const char *word, FILE *stream)
{
	putc('\'', stream);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stream);
		else
			putc(*word, stream);
	}
	putc('\'', stream);
}

void shell_word_print(const char *word)
{
	shell_word_write(word, stdout);
}

const char *shell_word(const char *word, char *text, size_t bytes)
{
	FILE *stream = fmemopen(text, bytes, "w");

	if (stream)
		shell_word_write(word, stream);
	if (!stream || fclose(stream))
		text[0] = '\0';
	return text;
}
