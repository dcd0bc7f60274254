/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In-memory files for code: the code is written to such a file, which is then mapped readable and
 * executable. No memory is ever writable and executable, so policies against that do not interfere.
 * System calls only.
 */
#ifndef EXECUTABLE_H
#define EXECUTABLE_H

#include <stddef.h>

/* The name of the copies of a program's text, as /proc/PID/maps shows it. */
#define EXECUTABLE_TEXT        "libhugetlbfs:text"
#define EXECUTABLE_TEXT_MAPPED "/memfd:" EXECUTABLE_TEXT

/* Creates an empty one. Returns a descriptor, close-on-exec, which the caller closes; or -errno. */
long executable_file(const char *name);

/*
 * Fills a new file with whole pages; pages that are all zero are left out, and take no memory until
 * they are touched. Returns 0 or -errno.
 */
int executable_copy(int fd, const unsigned char *bytes, size_t count, size_t page_bytes);

#endif
