/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_REPORT: one table at exit, of all parts of the process, read back from the kernel; what
 * was asked for, and why it was not got.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

/* Remembers what target means at the program's start: the directory of a path, and which file
 * standard output is. Called once, by the constructor. */
void report_start(const char *target);

/*
 * Reads /proc/self/smaps and writes the table to target: "2" (stderr), "-" (stdout, because the
 * user asked for it) or a file, to whose end it is added. Allocates nothing. Says so in one line
 * where the file can't be written. No signal comes of it, and a FIFO is not waited for.
 */
void report_write(const char *target, const char *program);

/* Where HUGETLB_REPORT asks for it: once in a process, which is about to end. */
void report_end(void);

#endif
