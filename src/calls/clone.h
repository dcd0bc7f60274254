/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that are created without fork(): by clone(2), clone3(2) and fork(2), called through
 * libc's syscall(), and by libc's clone() and _Fork() (fork_exports.c). They get the same memory as
 * after fork().
 *
 * Left to the kernel: children that share the memory or stop the caller (CLONE_VM, CLONE_VFORK),
 * and system calls with a stack or a thread area for a child with its own memory, which cannot
 * return through a function of the library.
 */
#ifndef CALLS_CLONE_H
#define CALLS_CLONE_H

#include <stdbool.h>

/* Flags with which clone() is left to the kernel. */
#define CLONE_NOT_OURS (CLONE_VM | CLONE_VFORK | CLONE_SETTLS)

/* Does this system call, with these first two arguments, create such a child? */
bool clone_is_fork(long number, long first, long second);

/* Makes the call: returns as the kernel does, in parent and child, with all memory in place. */
long clone_system_call(long number, long a, long b, long c, long d, long e);

#endif
