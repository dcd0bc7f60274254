/*
 * Words for a shell to read, on standard output.
 */
#ifndef SHELL_WORD_H
#define SHELL_WORD_H

/*
 * Prints a word as every shell reads it: bare where that is safe, else in single quotes. Not for
 * the first word of a command, unless it has no equals sign.
 */
void shell_word_print(const char *word);

#endif
