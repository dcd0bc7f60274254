/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP_FILES: files that the program maps to read them, on huge pages.
 *
 * Which mappings: of a regular file, through libc's mmap, readable and nothing else, private or
 * shared, of the threshold or more, at an address of the kernel's choice, with no other flag than
 * MAP_NORESERVE and MAP_POPULATE. With HUGETLB_MMAP_FILES_ONLY: of the files that it names. Left
 * alone: libc's own mappings, ld.so's (segments/ has those), writable and executable ones.
 *
 * The ladder; each step gives back what the program would have without us where it fails:
 * 1. the file's own page cache, huge (own_pages.h): nothing is copied, changes of the file are seen
 *    as usual;
 * 2. one copy on hugetlb pages for all processes of the user (copy.h, mapped_copy.h), where it was
 *    asked for: by a page size, which skips the first step, or by naming the file;
 * 3. a copy of this process's own on transparent huge pages, only with `thp`;
 * 4. the file as it is, and one line of the process says why.
 *
 * A copy is the file as it was when it was made, and is never used for a file that has changed
 * since. What is written to the file later is not seen: so no copy is made, or used, of a file that
 * somebody has open for writing, as far as the kernel tells (writers.h).
 *
 * No malloc, no lock while a file is read, signals as usual; descriptors are closed on return. Any
 * number of threads may call at once. After the program has locked itself in, and under a filter
 * of system calls, files stay as they are.
 */
#ifndef FILES_H
#define FILES_H

#include "options/options.h"

/* While one thread runs. 0, or -errno with a line: files are mapped as without us. */
int files_start(const struct options *options);

#endif
