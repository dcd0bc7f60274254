/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buffered reader on the caller's stack.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/stream.h"
#include "base/sys.h"

int stream_open(struct stream *stream, const char *path)
{
	long fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	stream->fd = (int)fd;
	stream->used = 0;
	stream->at = 0;
	return 0;
}

void stream_close(struct stream *stream)
{
	sys_close(stream->fd);
}

int stream_byte(struct stream *stream)
{
	if (stream->at == stream->used) {
		long got;

		do {
			got = sys_read(stream->fd, stream->buffer, sizeof(stream->buffer));
		} while (got == -EINTR);
		stream->at = 0;
		stream->used = got > 0 ? (size_t)got : 0;
		if (!stream->used)
			return -1;
	}
	return stream->buffer[stream->at++];
}

bool stream_line(struct stream *stream, char *line, size_t bytes)
{
	size_t length = 0;
	int byte = stream_byte(stream);

	if (byte < 0)
		return false;
	for (; byte >= 0 && byte != '\n'; byte = stream_byte(stream))
		if (length + 1 < bytes)
			line[length++] = (char)byte;
	line[length] = '\0';
	return true;
}
