/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of /proc/self/status that the library uses.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

struct status {
	bool traced;            /* a debugger is attached */
	unsigned long confined; /* by seccomp: the number of filters, or the mode */
};

/* Reads /proc/self/status; without it all members are 0. */
struct status status_read(void);

#endif
