/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * syscall(2): system calls that change memory, or confine the process, and that the program makes
 * through this function of libc, as libnuma, hwloc, libseccomp and some allocators do.
 *
 * All set errno as libc's function does.
 */
#ifndef CALLS_SYSCALL_H
#define CALLS_SYSCALL_H

#include <stdbool.h>

#include <syscall_entry.h>

/* Replaces libc's function. */
long call_syscall(long number, ...);

#endif
