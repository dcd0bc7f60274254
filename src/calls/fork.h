/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork: parent and child both keep memory that they can write to.
 *
 * After a fork the kernel shares hugetlb pages until one side writes. The parent's copy then comes
 * out of the pool, where its reservation protects it: if the pool is empty, the kernel takes the
 * page away from the child, and the child's next touch is SIGBUS. So the child gets pages of its
 * own before it goes on: see HUGETLB_FORK in the HOWTO for when, and what it costs.
 *
 * For fork() this happens while libc holds malloc's locks, and before libc's own work in the child
 * touches the heap. Before glibc 2.34 a program of one thread has it next to its fork handlers. For
 * clone() and system calls see clone.h.
 */
#ifndef FORK_H
#define FORK_H

#include <sys/types.h>

#include <stdbool.h>

#include "hook/symbols.h"

/*
 * Arranges for it; part of what patch_install() then carries out. 0 or -errno; -ENOENT: libc's fork
 * has no _Fork inside (before glibc 2.34), see fork_handlers.h.
 */
int fork_prepare(const struct libc *libc);

/* Forks by real(), libc's _Fork or what is like it. */
pid_t fork_by(pid_t (*real)(void));

/*
 * Before the fork, in the parent: takes the lock, and blocks all signals. No other thread may be in
 * malloc from here on, nor come into it: it would wait for us with malloc's locks. False: the lock
 * can't be taken, and nothing is done.
 *
 * The child may use this thread's descriptor and the stack from the caller's frame on down before
 * fork_end_in_child(), and nothing else that may be on huge pages.
 */
bool fork_begin(void);

/* After it, where that was true; gives the lock back. Neither waits for the other process. */
void fork_end_in_parent(void);
void fork_end_in_child(void);

#endif
