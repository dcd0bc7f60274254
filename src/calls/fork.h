/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork: parent and child both keep memory that they can write to.
 *
 * After a fork the kernel shares hugetlb pages until one side writes. The parent's copy then comes
 * from the pool, where its reservation protects it: if the pool is empty, the kernel takes the page
 * away from the child, and the child's next touch raises SIGBUS. So the child gets its own pages
 * before it continues: HUGETLB_FORK in the HOWTO describes when, and what it costs.
 *
 * For fork() this happens while libc holds malloc's locks, and before libc's own work in the child
 * touches the heap. Before glibc 2.34, in a program with one thread, it happens next to the fork
 * handlers. For clone() and system calls see clone.h.
 */
#ifndef FORK_H
#define FORK_H

#include <sys/types.h>

#include <stdbool.h>

#include "hook/symbols.h"

/*
 * Prepares the patches for it, which patch_install() then installs. Returns 0 or -errno; -ENOENT:
 * libc's fork does not call _Fork (before glibc 2.34), see fork_handlers.h.
 */
int fork_prepare(const struct libc *libc);

/* Has this process forked while it had huge pages that a child would lose? It may do so again. */
extern bool fork_happened;

/* Forks by calling real(), which is libc's _Fork or an equivalent. */
pid_t fork_by(pid_t (*real)(void));

/*
 * Before the fork, in the parent: takes the lock, and blocks all signals. From here on no other
 * thread may be in malloc or enter it: it would hold malloc's locks while it waits for the
 * library's lock. False: the lock is not available, and nothing was done.
 *
 * Before fork_end_in_child() the child may use this thread's descriptor and the stack from the
 * caller's frame downwards, and nothing else that may be on huge pages.
 */
bool fork_begin(void);

/* After the fork, if fork_begin() returned true; releases the lock. Neither process waits for the
 * other. */
void fork_end_in_parent(void);
void fork_end_in_child(void);

#endif
