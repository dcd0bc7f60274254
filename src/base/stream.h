/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a text file of any length piece by piece: lines of /proc/mounts have no maximum length, and
 * /proc/meminfo and smaps outgrow any buffer. System calls only, no malloc.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct stream {
	int fd;
	size_t used, at;
	unsigned char buffer[1024];
};

/* Returns 0 or -errno; after 0 the caller must call stream_close(). */
int stream_open(struct stream *stream, const char *path);
void stream_close(struct stream *stream);

/* The next byte, 0 to 255, or -1 at the end of the file and on a read error. */
int stream_byte(struct stream *stream);

/*
 * The next line without its newline; what does not fit is skipped, so that the next call begins at
 * the next line. False: there is none.
 */
bool stream_line(struct stream *stream, char *line, size_t bytes);

#endif
