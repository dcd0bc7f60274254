/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The time that the programs of this folder measure with.
 */
#ifndef NANOSECONDS_H
#define NANOSECONDS_H

#include <time.h>

static inline double nanoseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

#endif
