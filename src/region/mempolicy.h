/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NUMA policies that the program gave to memory (mbind).
 */
#ifndef MEMPOLICY_H
#define MEMPOLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More nodes than any kernel is built for. */
#define MEMPOLICY_NODES_MAX 4096

struct mempolicy {
	int mode; /* 0: none of its own */
	unsigned long nodes[MEMPOLICY_NODES_MAX / 8 / sizeof(long)];
};

/*
 * Reads the policy of memory. Where it can't be known (a filter of system calls, a kernel without
 * NUMA) it is none.
 */
void mempolicy_read(uintptr_t address, struct mempolicy *policy);

/* Did the program give one to the memory at that address? */
bool mempolicy_is_set(uintptr_t address);

/* Gives it to other memory, for the pages that are still to come there. */
void mempolicy_apply(const struct mempolicy *policy, uintptr_t address, size_t bytes);

#endif
