/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of HUGETLB_REPORT.
 *
 * It may lie in a directory that others may write to (/tmp), so its name may be theirs: a symbolic
 * link to a file of this user, a second name of one, or a file of their own.
 */
#ifndef REPORT_FILE_H
#define REPORT_FILE_H

/*
 * Opens the file to append to it, close-on-exec; makes it with this mode where there is none. A
 * FIFO that nobody reads is an error (ENXIO), and is not waited for. A descriptor or -errno:
 * -ELOOP: it is a symbolic link; -EPERM: it belongs to another user, or has more than one name.
 * Devices, and the process's own descriptors by their paths (/dev/stderr), are opened whoever they
 * belong to.
 */
int report_file_open(const char *path, int mode);

#endif
