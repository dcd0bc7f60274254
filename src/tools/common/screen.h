/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a stream can display: the width of its lines, colours, and characters beyond ASCII.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdio.h>

/* A terminal's width; for files, pipes and streams in memory, the given one. */
unsigned int screen_columns(FILE *stream, unsigned int otherwise);

/* A terminal with colours, unless the environment has NO_COLOR (https://no-color.org). */
bool screen_has_colors(FILE *stream);

/* A terminal, and a UTF-8 locale. */
bool screen_has_utf8(FILE *stream);

#endif
