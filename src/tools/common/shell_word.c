/*
 * Words for a shell: see shell_word.h.
 *
 * An equals sign is safe behind the first word of a command, which a=b would make a variable, and
 * inside a word: zsh takes =ls for /bin/ls.
 */
#include <stdio.h>
#include <string.h>

#include "tools/common/shell_word.h"

void shell_word_print(const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-+./:,@%=";

	if (*word && *word != '=' && !word[strspn(word, safe)]) {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	}
	putchar('\'');
}
