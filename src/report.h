/*
 * HUGETLB_REPORT: one table at exit, of all parts of the process, read back from the kernel; what
 * was asked for, and why it was not got.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

/* To be called early: a report for standard output ("-") goes there at the end only if descriptor 1
 * is still the file that it is now, and no pipe that nobody reads. */
void report_start(const char *target);

/*
 * Reads /proc/self/smaps and writes the table to target: "2" (stderr), "-" (stdout, because the
 * user asked for it) or a file, to whose end it is added. Allocates nothing. Says so in one line
 * where the file can't be written.
 */
void report_write(const char *target, const char *program);

#endif
