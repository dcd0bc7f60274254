/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work that is done while the calling thread runs nothing: no signal handler, no restartable
 * sequence, no completion of io_uring. Its own stack may lie in the memory that is worked on.
 *
 * The helper is a task that shares this process's memory and descriptors, made like a child of
 * vfork: the caller sleeps in the kernel until it has ended. It sends no SIGCHLD, and no wait(2) of
 * the program sees it (only waitpid(-1, ..., __WALL) of another thread could). It dies with its
 * parent.
 *
 * All functions need the lock (lock.h), which blocks all signals.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>

/* The work may need this much of the helper's stack. */
#define HELPER_STACK_BYTES ((size_t)64 << 10)

/* What helper_argument() returns holds so many bytes. */
#define HELPER_ARGUMENT_BYTES ((size_t)8 << 10)

/*
 * Memory for what the work reads and writes, which no region contains; it keeps its content between
 * two calls. NULL: no memory.
 */
void *helper_argument(void);

/* Can there be helpers at all? valgrind ends a program that makes one; it runs one thread at a
 * time. */
bool helper_is_possible(void);

/*
 * Runs work(helper_argument()) in a helper. work makes raw system calls only, calls no function of
 * libc but memcpy and its like, and writes to no memory but the helper's stack, the argument and
 * what it maps itself.
 *
 * Returns what work returned, 0 or -errno; -EAGAIN or another error of clone(2) where there can be
 * no helper; -ECANCELED where something killed it.
 */
int helper_run(int (*work)(void *argument));

/*
 * The same in this thread, on the helper's stack: for a process that may not make tasks, has one
 * thread, and blocks signals or is confined. What io_uring completes meanwhile may be lost.
 */
int helper_run_in_thread(int (*work)(void *argument));

#endif
