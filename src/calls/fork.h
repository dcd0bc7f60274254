/*
 * fork: parent and child both keep memory that they can write to.
 *
 * After a fork the kernel shares hugetlb pages until one side writes. The parent's copy then comes
 * out of the pool, where its reservation protects it: if the pool is empty, the kernel takes the
 * page away from the child, and the child's next touch is SIGBUS. So the child gets pages of its
 * own before it goes on: see HUGETLB_FORK in the HOWTO for when, and what it costs.
 *
 * Such pages of the child have no reservation. Forks of its own never leave them to the kernel:
 * there, it would be the one that forks who gets SIGBUS.
 *
 * This happens inside fork(), while libc holds malloc's locks, and before its own work in the child
 * touches the heap. Before glibc 2.34 a program of one thread has it in the first fork handler.
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

#endif
