/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from outside, such as names of files and of processes, for a terminal and for JSON: whoever
 * chose the name must not move the cursor, end the line or make the JSON invalid.
 */
#ifndef SHOWN_TEXT_H
#define SHOWN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The length of the character that text begins with, 1 to 4, and its code; 0: not UTF-8. */
size_t text_character(const char *text, uint32_t *code);

/* A character that a terminal obeys rather than shows, or that turns the writing direction. */
bool text_is_control(uint32_t code);

/* Writes text; control characters and bytes that are not UTF-8 as \033, as the kernel does. */
void text_show(const char *text, FILE *stream);

#endif
