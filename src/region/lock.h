/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock for the states of all regions.
 *
 * While it is held all signals are blocked: no handler runs in its holder, so none can wait for the
 * lock there, leave it held by siglongjmp, or stop its holder (as a garbage collector does) while
 * another thread needs it. A program that has locked itself in (sys_sandboxed) may be killed for
 * blocking signals: there they are not, and a handler finds the lock taken by its own thread.
 *
 * Under the lock nothing but system calls and memory copies happen; a fork's child begins with it
 * free.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * False, and nothing is held or blocked: this thread holds it already, or its holder does not give
 * it back within ten seconds (a debugger has stopped it). The caller has to do without us.
 */
bool lock_take(void);
void lock_release(void);

/*
 * Takes the lock, sets *result to function(arguments), and gives the lock back. The function runs
 * on a stack of the library's own, of LOCK_STACK_BYTES: the caller may be a coroutine with 4 kB. It
 * must not give the lock back in between. False: as lock_take(), and nothing was done.
 */
#define LOCK_STACK_BYTES ((size_t)32 << 10)

bool lock_run(long (*function)(const long *arguments), const long *arguments, long *result);

/* In a fork's child, which has only the thread that held the lock: signals are as before it. */
void lock_reset_in_child(void);

#endif
