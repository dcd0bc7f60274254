/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files in memory for code: what is to be executed is written to one, and mapped from it readable
 * and executable. No memory is ever writable and executable, so no policy against that is in the
 * way. System calls only.
 */
#ifndef EXECUTABLE_H
#define EXECUTABLE_H

#include <stddef.h>

/* Of the copies of a program's text, as /proc/PID/maps shows it. */
#define EXECUTABLE_TEXT        "libhugetlbfs:text"
#define EXECUTABLE_TEXT_MAPPED "/memfd:" EXECUTABLE_TEXT

/* Makes an empty one. Returns a descriptor, close-on-exec, which the caller closes; or -errno. */
long executable_file(const char *name);

/*
 * Fills a new file with so many whole pages; those that are zero are left out, and take no memory
 * until they are touched. 0 or -errno.
 */
int executable_copy(int fd, const unsigned char *bytes, size_t count, size_t page_bytes);

#endif
