/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a stream can show: how wide its lines may be, colours, and signs beyond ASCII.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdio.h>

/* A terminal's width; otherwise (files, pipes, streams in memory) the given one. */
unsigned int screen_columns(FILE *stream, unsigned int otherwise);

/* A terminal that knows colours, unless the environment has NO_COLOR (https://no-color.org). */
bool screen_has_colors(FILE *stream);

/* A terminal, and a locale in UTF-8. */
bool screen_has_utf8(FILE *stream);

#endif
