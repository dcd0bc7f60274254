/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of /proc/PID/status that the library uses.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdint.h>

struct status {
	uint64_t traced;   /* by this process, a debugger; 0: by none */
	uint64_t confined; /* by seccomp: the number of filters, or the mode */
};

/* Reads /proc/self/status; without it all members are 0. */
struct status status_read(void);

/* The number after a name with its colon in /proc/PID/status or /proc/PID/task/TID/status, in base
 * 10 or 16. False: there is none, and it is 0. */
bool status_number(const char *path, const char *name, unsigned int base, uint64_t *number);

#endif
