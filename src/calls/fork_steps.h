/*
 * The steps of a fork that takes its memory along: see fork.h. For fork.c and fork_handlers.c
 * alone.
 */
#ifndef FORK_STEPS_H
#define FORK_STEPS_H

#include <stdbool.h>

#include "hook/symbols.h"

/*
 * Before the fork, in the parent: takes the lock, and blocks all signals. No other thread may be in
 * malloc from here on, nor come into it: it would wait for us with malloc's locks. False: the
 * thread has the lock already, and nothing is done.
 */
bool fork_begin(void);

/* Behind it, where that was true; gives the lock back. The parent waits until the child is ready.
 */
void fork_end_in_parent(void);
void fork_end_in_child(void);

/* Arranges for it where libc's fork has no _Fork inside. 0 or -errno. */
int fork_prepare_handlers(const struct libc *libc);

#endif
