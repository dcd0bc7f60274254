/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading /proc/PID/status: see status.h.
 */
#include <string.h>

#include "base/stream.h"
#include "base/words.h"
#include "proc/status.h"

/* If the line begins with name, which ends in a colon, adds its number. */
static bool add_number(const char *line, const char *name, unsigned int base, uint64_t *sum)
{
	const size_t bytes = strlen(name);

	if (strncmp(line, name, bytes))
		return false;
	line += bytes;
	*sum += word_number(&line, base);
	return true;
}

bool status_number(const char *path, const char *name, unsigned int base, uint64_t *number)
{
	struct stream stream;
	bool found = false;
	char line[128];

	*number = 0;
	if (stream_open(&stream, path))
		return false;
	while (!found && stream_line(&stream, line, sizeof(line)))
		found = add_number(line, name, base, number);
	stream_close(&stream);
	return found;
}

struct status status_read(void)
{
	struct status status = {0};
	struct stream stream;
	char line[128];

	if (stream_open(&stream, "/proc/self/status"))
		return status;
	while (stream_line(&stream, line, sizeof(line))) {
		add_number(line, "TracerPid:", 10, &status.traced);
		add_number(line, "Seccomp:", 10, &status.confined);
		add_number(line, "Seccomp_filters:", 10, &status.confined);
	}
	stream_close(&stream);
	return status;
}
