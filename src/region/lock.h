/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock for the states of all regions.
 *
 * All signals are blocked while it is held, so no handler runs in its holder: none can wait for the
 * lock there, leave it held by siglongjmp, or stop its holder (as a garbage collector does) while
 * another thread needs it. A sandboxed program (sys_sandboxed) may be killed for blocking signals:
 * there they are not blocked, and a handler finds the lock taken by its own thread.
 *
 * Under the lock there are only system calls and memory copies; a fork's child begins with it free.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * False, with nothing held or blocked: this thread already holds it, or its holder has not released
 * it within a minute (a debugger has stopped it). The caller must then do without the library's
 * records.
 */
bool lock_take(void);
void lock_release(void);

/*
 * Takes the lock, sets *result to function(arguments), and releases the lock. The function runs on
 * a stack of the library, of LOCK_STACK_BYTES, because the caller may be a coroutine with 4 kB. It
 * must not release the lock in between. False: as for lock_take(), and nothing was done.
 */
#define LOCK_STACK_BYTES ((size_t)32 << 10)

bool lock_run(long (*function)(const long *arguments), const long *arguments, long *result);

/* In a fork's child, which has only the thread that held the lock: restores the signals blocked
 * before. */
void lock_reset_in_child(void);

#endif
