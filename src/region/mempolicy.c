/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NUMA policies: see mempolicy.h. One system call each; the second one is rarely made.
 */
#include "base/sys.h"
#include "region/mempolicy.h"

void mempolicy_read(uintptr_t address, struct mempolicy *policy)
{
	*policy = (struct mempolicy){0};
	if (sys_sandboxed || sys_is_filtered())
		return;
	if (sys_call(SYS_get_mempolicy, &policy->mode, policy->nodes, MEMPOLICY_NODES_MAX, address,
		     2 /* MPOL_F_ADDR */))
		policy->mode = 0;
}

bool mempolicy_is_set(uintptr_t address)
{
	int mode = 0;

	if (sys_sandboxed || sys_is_filtered())
		return false;
	return !sys_call(SYS_get_mempolicy, &mode, 0, 0, address, 2 /* MPOL_F_ADDR */) && mode;
}

void mempolicy_apply(const struct mempolicy *policy, uintptr_t address, size_t bytes)
{
	if (policy->mode)
		sys_call(SYS_mbind, address, bytes, policy->mode, policy->nodes,
			 MEMPOLICY_NODES_MAX);
}
