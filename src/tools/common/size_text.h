/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes for people: 2M, 1G. options_parse_size() parses sizes. */
#ifndef SIZE_TEXT_H
#define SIZE_TEXT_H

#include <stddef.h>

#define SIZE_TEXT_BYTES 24

/* Uses the largest of K, M and G that leaves a whole number. Returns text. */
char *size_text_print(char text[SIZE_TEXT_BYTES], size_t bytes);

#endif
