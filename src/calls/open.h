/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open, for one file: /proc/self/clear_refs.
 *
 * A program that writes there wants to know by soft-dirty bits which pages it writes to (a garbage
 * collector, a checkpointer). The kernel keeps no such bits for hugetlb pages: after a clearing
 * they read as clean for ever. So when the program opens the file for writing, all memory that it
 * writes to moves to transparent pages, and stays on them.
 */
#ifndef CALLS_OPEN_H
#define CALLS_OPEN_H

#include <sys/types.h>

#include "hook/symbols.h"

/* Finds libc's openat, which carries the calls out. Before patch_install(). False: open is not to
 * be hooked. */
bool open_prepare(const struct libc *libc);

int call_open(const char *path, int flags, mode_t mode);
int call_open64(const char *path, int flags, mode_t mode);

#endif
