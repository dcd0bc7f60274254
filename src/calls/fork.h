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

#include "hook/symbols.h"

/* Arranges for it; part of what patch_install() then carries out. 0 or -errno. */
int fork_prepare(const struct libc *libc);

#endif
