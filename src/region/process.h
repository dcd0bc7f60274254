/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of this process as a whole: its base page, its threads, whether it is confined.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel's base page, in bytes. Set by calls_start(), before any region is registered. */
extern size_t process_base_bytes;

/* libc's flag __libc_single_threaded (glibc 2.32), or NULL. Set likewise. */
extern const bool *process_libc_single_threaded;

/* Is the process single-threaded, as far as libc knows? */
bool process_single_threaded(void);

/*
 * Does no other task use this address space? By the kernel's word: a thread, a child or parent of
 * vfork, io_uring's poller count. False also where that cannot be asked. Where the program has
 * locked itself in, or runs under a filter, by the number of threads.
 */
bool process_alone(void);

/*
 * The program has installed a filter of system calls (seccomp): from now on only the calls of
 * growth are made, and nothing is printed.
 */
void process_enter_sandbox(void);

#endif
