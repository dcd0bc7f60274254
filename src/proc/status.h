/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel says about this process as a whole, as far as it matters here.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

struct status {
	bool traced;            /* a debugger is at it */
	unsigned long confined; /* by seccomp: how many filters, or in which mode */
};

/* Reads /proc/self/status; without it nothing is the case. */
struct status status_read(void);

#endif
