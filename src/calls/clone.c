/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that are created without fork(): see clone.h.
 */
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/sys.h"
#include "calls/clone.h"
#include "calls/fork.h"
#include "calls/state.h"

/* The first members of struct clone_args: VER0 of Linux 5.3. */
struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

/* Copies clone3's arguments; false: the kernel refuses them, too, or it cannot be asked. */
static bool read_arguments(struct arguments *arguments, long from, long bytes)
{
	const struct iovec to = {arguments, sizeof(*arguments)};
	const struct iovec source = {(void *)from, sizeof(*arguments)};

	if (bytes < (long)sizeof(*arguments))
		return false;
	if (!sys_sandboxed && !sys_is_filtered())
		return sys_call(SYS_process_vm_readv, sys_getpid(), &to, 1, &source, 1) ==
		       (long)sizeof(*arguments);
	/* A filter may kill the process for the check. */
	*arguments = *(const struct arguments *)from;
	return true;
}

bool clone_is_fork(long number, long first, long second)
{
	struct arguments arguments;

	if (!libc_calls.active)
		return false;
	switch (number) {
	case SYS_clone:
		return !(first & CLONE_NOT_OURS) && !second;
	case SYS_clone3:
		return read_arguments(&arguments, first, second) &&
		       !(arguments.flags & CLONE_NOT_OURS) && !arguments.stack;
	default:
		return true;
	}
}

/* Where the child's number is to be stored in the child; NULL: nowhere. */
static pid_t *child_number(long number, long a, long d, long e)
{
	const struct arguments *arguments = (const struct arguments *)a;

	if (number == SYS_clone && a & CLONE_CHILD_SETTID)
		return (pid_t *)(CPU_CLONE_CHILD_LAST ? e : d);
	if (number == SYS_clone3 && arguments->flags & CLONE_CHILD_SETTID)
		return (pid_t *)(uintptr_t)arguments->child_tid;
	return NULL;
}

long clone_system_call(long number, long a, long b, long c, long d, long e)
{
	const bool agreed = fork_begin();
	const long child = sys_pass(number, a, b, c, d, e);
	pid_t *number_at;

	if (child) {
		if (agreed)
			fork_end_in_parent();
		return child;
	}
	if (agreed)
		fork_end_in_child();
	/* The kernel stored it before the page was back in place. */
	number_at = child_number(number, a, d, e);
	if (number_at)
		*number_at = (pid_t)sys_pass(SYS_gettid);
	return 0;
}
