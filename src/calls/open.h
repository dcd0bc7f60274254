/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open, for one file: /proc/self/clear_refs.
 *
 * A program that writes there uses soft-dirty bits to find out which pages it writes to (a garbage
 * collector, a checkpointer). The kernel has no such bits for hugetlb pages: after they are cleared
 * once, the pages read as clean for ever. So when the program opens the file for writing, all
 * memory that it writes to moves to transparent huge pages, and stays there.
 */
#ifndef CALLS_OPEN_H
#define CALLS_OPEN_H

#include <sys/types.h>

#include "hook/symbols.h"

/* Finds libc's openat, which then makes the calls. Call it before patch_install(). False: open must
 * not be hooked. */
bool open_prepare(const struct libc *libc);

int call_open(const char *path, int flags, mode_t mode);
int call_open64(const char *path, int flags, mode_t mode);

#endif
