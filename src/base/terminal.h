/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the terminal of a descriptor can display: the width of its lines, colours, and characters
 * beyond ASCII.
 *
 * System calls and the environment only: the library has no locale of its own, and must not ask for
 * the program's.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

struct terminal {
	unsigned int columns; /* 0: not a terminal, and all else is false */
	bool colors;          /* unless NO_COLOR is set (https://no-color.org) */
	bool utf8;            /* by the user's locale */
};

struct terminal terminal_of(int fd);

/* Do the variables of the locale (LC_ALL, LC_CTYPE, LANG) name UTF-8? */
bool terminal_locale_is_utf8(void);

#endif
