/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory policy of this process, as set by numactl: a pool that is changed through the file
 * nr_hugepages_mempolicy grows only on its nodes.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hugeadm.h"

#define NODES_MAX 1024
#define WORD_BITS (8 * (int)sizeof(unsigned long))

/* the modes of linux/mempolicy.h; flags may be in the bits above */
enum { MODE_PREFERRED = 1, MODE_BIND = 2, MODE_INTERLEAVE = 3, MODE_BITS = 0xff };

struct own_policy {
	int mode; /* 0, the default, also if the kernel has no policies */
	unsigned long nodes[NODES_MAX / WORD_BITS];
};

static void read_policy(struct own_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	if (syscall(SYS_get_mempolicy, &policy->mode, policy->nodes, NODES_MAX, NULL, 0))
		policy->mode = 0;
	policy->mode &= MODE_BITS;
}

/* Must memory come from certain nodes and no others? */
bool policy_binds(void)
{
	struct own_policy policy;

	read_policy(&policy);
	return policy.mode == MODE_BIND;
}

void policy_command(char *command, size_t bytes)
{
	struct own_policy policy;
	size_t used;
	const char *option, *separator = "";

	command[0] = '\0';
	read_policy(&policy);
	switch (policy.mode) {
	case MODE_PREFERRED:
		option = "preferred";
		break;
	case MODE_BIND:
		option = "membind";
		break;
	case MODE_INTERLEAVE:
		option = "interleave";
		break;
	default:
		return;
	}
	used = (size_t)snprintf(command, bytes, "numactl --%s=", option);
	for (int node = 0; node < NODES_MAX && used < bytes; node++) {
		if (!(policy.nodes[node / WORD_BITS] >> node % WORD_BITS & 1))
			continue;
		used += (size_t)snprintf(command + used, bytes - used, "%s%d", separator, node);
		separator = ",";
	}
}
