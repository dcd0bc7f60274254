/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Do others need the memory that this process holds without using it? The pool is empty, or tasks
 * of its control group or of the machine wait for memory.
 *
 * Reads files of /sys and /proc, at most ten times a second. Does not call malloc.
 */
#ifndef PRESSURE_H
#define PRESSURE_H

#include <stdbool.h>
#include <stddef.h>

/* For huge pages of that size. False in a sandbox. Of several threads one reads, the others get the
 * last answer. */
bool pressure_now(size_t page_bytes);

/*
 * Have tasks waited for memory in a tenth of the last ten seconds, by the text of
 * /proc/pressure/memory? Pure.
 */
bool pressure_is_high(const char *text);

#endif
