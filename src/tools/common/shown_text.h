/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shows text from outside, such as names of files and processes, on a terminal and in JSON: a name
 * must not move the cursor, end the line or make the JSON invalid.
 */
#ifndef SHOWN_TEXT_H
#define SHOWN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The length of the character that text begins with, 1 to 4, and its code; 0: not UTF-8. */
size_t text_character(const char *text, uint32_t *code);

/* Is it a character that a terminal interprets rather than shows, or that changes the writing
 * direction? */
bool text_is_control(uint32_t code);

/* Writes text, with control characters and bytes that are not UTF-8 as \033, as the kernel does. */
void text_show(const char *text, FILE *stream);

/* The width of text that is wrapped, on a terminal or not. */
#define TEXT_COLUMNS 80

/* Writes words as text_show() does, the first at a column, the following lines at another one; ends
 * the line. A word that is too long for a line has one for itself. */
void text_wrap(const char *text, int column, int indent, FILE *stream);

#endif
