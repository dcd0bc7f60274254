/*
 * Writes of the library's own that raise no signal.
 *
 * A pipe that nobody reads raises SIGPIPE, and a file that would become longer than the process
 * may make one (RLIMIT_FSIZE, ulimit -f) raises SIGXFSZ: either ends a program that has no handler.
 * The files and lines are ours, and their loss is no reason for that: here it is an error.
 *
 * All return what the call of the same name in sys.h does. The thread's mask is as it was after
 * them, and so are signals of the program's own that were pending.
 */
#ifndef QUIET_H
#define QUIET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To any descriptor: a line, a report. */
long quiet_write(int fd, const void *buffer, size_t bytes);

/* May the process make files so long? */
bool quiet_file_fits(size_t bytes);

/* Of files that the library made. */
long quiet_file_write(int fd, const void *buffer, size_t bytes);
long quiet_file_pwrite(int fd, const void *buffer, size_t bytes, size_t offset);
long quiet_file_set_size(int fd, size_t bytes);
long quiet_file_allocate(int fd, uint64_t offset, uint64_t bytes);

#endif
