/*
 * NUMA policies that the program gave to memory (mbind).
 */
#ifndef POLICY_H
#define POLICY_H

#include <stddef.h>
#include <stdint.h>

/* More nodes than any kernel is built for. */
#define POLICY_NODES_MAX 4096

struct policy {
	int mode; /* 0: none of its own */
	unsigned long nodes[POLICY_NODES_MAX / 8 / sizeof(long)];
};

/*
 * Reads the policy of memory. Where it can't be known (a filter of system calls, a kernel without
 * NUMA) it is none.
 */
void policy_of(uintptr_t address, struct policy *policy);

/* Gives it to other memory, for the pages that are still to come there. */
void policy_give(const struct policy *policy, uintptr_t address, size_t bytes);

#endif
