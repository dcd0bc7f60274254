/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading /proc/self/status: see status.h.
 */
#include <string.h>

#include "base/stream.h"
#include "options/options.h"
#include "proc/status.h"

/* If the line begins with `name`, which ends in a colon and a tab, returns true and its number. */
static size_t number_of(const char *line, const char *name)
{
	size_t length = strlen(name), number;

	return strncmp(line, name, length) || options_parse_size(line + length, &number) ? 0
											 : number;
}

struct status status_read(void)
{
	struct status status = {0};
	struct stream stream;
	char line[128];

	if (stream_open(&stream, "/proc/self/status"))
		return status;
	while (stream_line(&stream, line, sizeof(line))) {
		status.traced |= number_of(line, "TracerPid:\t") != 0;
		status.confined +=
			number_of(line, "Seccomp:\t") + number_of(line, "Seccomp_filters:\t");
	}
	stream_close(&stream);
	return status;
}
