/*
 * NUMA policies: see policy.h. One system call each, of which the second is seldom made.
 */
#include "memory/memory.h"
#include "memory/policy.h"
#include "sys.h"

void policy_of(uintptr_t address, struct policy *policy)
{
	*policy = (struct policy){0};
	if (memory.sandboxed || sys_is_filtered())
		return;
	if (sys_gate(SYS_get_mempolicy, (long)&policy->mode, (long)policy->nodes, POLICY_NODES_MAX,
		     (long)address, 2 /* MPOL_F_ADDR */, 0))
		policy->mode = 0;
}

void policy_give(const struct policy *policy, uintptr_t address, size_t bytes)
{
	if (policy->mode)
		sys_gate(SYS_mbind, (long)address, (long)bytes, policy->mode, (long)policy->nodes,
			 POLICY_NODES_MAX, 0);
}
