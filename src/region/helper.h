/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs work while the calling thread runs nothing: no signal handler, no restartable sequence, no
 * completion of io_uring. The caller's stack may lie in the memory that is changed.
 *
 * The helper is a task that shares this process's memory and descriptors, created like a child of
 * vfork: the caller sleeps in the kernel until it has ended. It sends no SIGCHLD, and no wait(2) of
 * the program sees it (except waitpid(-1, ..., __WALL) in another thread). It dies with its parent.
 *
 * All functions need the lock (lock.h), which blocks all signals.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>

/* How much of the helper's stack the work may use. */
#define HELPER_STACK_BYTES ((size_t)64 << 10)

/* The size of what helper_argument() returns. */
#define HELPER_ARGUMENT_BYTES ((size_t)8 << 10)

/*
 * Memory for the arguments and results of the work, outside all regions; its content is preserved
 * between two calls. NULL: no memory.
 */
void *helper_argument(void);

/* Are helpers possible at all? valgrind kills a program that makes one; it runs one thread at a
 * time. */
bool helper_is_possible(void);

/*
 * Runs work(helper_argument()) in a helper. work makes only raw system calls, calls no function of
 * libc but memcpy and the like, and writes only to the helper's stack, the argument and what it
 * maps itself.
 *
 * Returns the result of work, 0 or -errno; -EAGAIN or another error of clone(2) if the helper
 * cannot be created; -ECANCELED if it was killed.
 */
int helper_run(int (*work)(void *argument));

/*
 * The same in this thread, on the helper's stack: for a process that may not create tasks, has one
 * thread, and blocks signals or is sandboxed. Completions of io_uring during this time may be lost.
 */
int helper_run_in_thread(int (*work)(void *argument));

#endif
