/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NUMA policies that the program has set for memory (mbind).
 */
#ifndef MEMPOLICY_H
#define MEMPOLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More nodes than any kernel supports. */
#define MEMPOLICY_NODES_MAX 4096

struct mempolicy {
	int mode; /* 0: no policy of its own */
	unsigned long nodes[MEMPOLICY_NODES_MAX / 8 / sizeof(long)];
};

/*
 * Reads the policy of memory. If it cannot be read (a system call filter, a kernel without NUMA),
 * the result is none.
 */
void mempolicy_read(uintptr_t address, struct mempolicy *policy);

/* Has the program set a policy for the memory at that address? */
bool mempolicy_is_set(uintptr_t address);

/* Sets the policy for other memory; applies to pages that are allocated there later. */
void mempolicy_apply(const struct mempolicy *policy, uintptr_t address, size_t bytes);

#endif
