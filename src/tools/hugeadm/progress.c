/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line on the terminal that shows the progress of long work, and is erased when the work is done:
 * on standard error, if that is a terminal. It must be ended before anything else is printed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "hugeadm.h"

bool progress_is_shown(const struct request *request)
{
	return !request->dry_run && isatty(STDERR_FILENO);
}

void progress_show(const struct request *request, const char *format, ...)
{
	va_list arguments;

	if (!progress_is_shown(request))
		return;
	fputs("\r\033[Khugeadm: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
}

void progress_end(const struct request *request)
{
	if (progress_is_shown(request))
		fputs("\r\033[K", stderr);
}
