/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of this process as a whole: its base page, its threads, whether it is sandboxed.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * Reads a task's state from /proc: the letter, and the kernel's flags of it (PF_..., since 2.6).
 * `process` 0: this one. False: it is gone, or /proc cannot be read.
 */
bool process_task_state(long process, int id, char *letter, uint64_t *flags);

/*
 * process_alone(), but where all other threads are ending, or there are none, waits for the kernel
 * to see that, at most a tenth of a second: a thread that has been joined is still there for a
 * moment, and so is the memory of a child that begins another program. A task that stays all that
 * time (a parent of vfork, a stranger by clone) is not waited for again. For callers that would
 * have to fail otherwise. False at once if the program runs under a filter.
 */
bool process_alone_soon(void);

/*
 * The program has installed a system call filter (seccomp): from now on the library makes only the
 * calls of growth, and prints nothing.
 */
void process_enter_sandbox(void);

#endif
