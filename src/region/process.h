/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of this process as a whole: its base page, its threads, whether it is sandboxed.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel's base page, in bytes. Set by calls_start(), before any region is registered. */
extern size_t process_base_bytes;

/* libc's flag __libc_single_threaded (glibc 2.32), or NULL. Set by calls_start(), too. */
extern const bool *process_libc_single_threaded;

/* Is the process single-threaded, according to libc? */
bool process_single_threaded(void);

/*
 * Does no other task use this address space? The kernel's answer; threads, a child or parent of
 * vfork, and io_uring's poller count. Also false if the kernel cannot be asked. If the program is
 * sandboxed, or runs under a filter, the number of threads decides.
 */
bool process_alone(void);

/*
 * The program has installed a system call filter (seccomp): from now on the library makes only the
 * calls of growth, and prints nothing.
 */
void process_enter_sandbox(void);

#endif
