/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a stream can display: see screen.h.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/common/screen.h"

unsigned int screen_columns(FILE *stream, unsigned int otherwise)
{
	struct winsize window = {0};
	const int fd = fileno(stream);

	if (fd < 0 || ioctl(fd, TIOCGWINSZ, &window) || !window.ws_col)
		return otherwise;
	return window.ws_col;
}

bool screen_has_colors(FILE *stream)
{
	const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(fileno(stream)) && terminal && strcmp(terminal, "dumb") &&
	       !(no_color && *no_color);
}

bool screen_has_utf8(FILE *stream)
{
	/* only for the characters: the format of numbers and messages stays unchanged */
	return isatty(fileno(stream)) && setlocale(LC_CTYPE, "") &&
	       !strcmp(nl_langinfo(CODESET), "UTF-8");
}
