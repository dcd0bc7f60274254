/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_REPORT: one table at exit, of all parts of the process, as the kernel reports them; and
 * for each request that was not met, the reason.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

/* Records what target means at the program's start: the directory of a path, and which file
 * standard output is. Called once, by the constructor. */
void report_start(const char *target);

/*
 * Reads /proc/self/smaps and writes the table to target: "2" (stderr), "-" (stdout, only if the
 * user chose it) or a file, to which it is appended. Allocates nothing. Prints one line if the file
 * cannot be written. Causes no signal, and does not wait for a FIFO's reader.
 */
void report_write(const char *target, const char *program);

/* Where HUGETLB_REPORT asks for it: once in a process, which is about to end. */
void report_end(void);

#endif
