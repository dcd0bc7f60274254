/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prctl and seccomp: see prctl.h.
 */
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "base/sys.h"
#include "calls/fork_later.h"
#include "calls/prctl.h"
#include "calls/result.h"
#include "region/exact.h"
#include "region/process.h"
#include "region/transparent.h"

/* Is the caller a child of vfork? It is the only thread of its process, and shares its parent's
 * memory. */
static bool uses_parents_memory(void)
{
	return !sys_is_filtered() && sys_is_only_task() &&
	       sys_call(SYS_unshare, CLONE_VM) == -EINVAL;
}

/*
 * Makes a call that installs a filter if it succeeds. Other threads may be subject to the filter as
 * soon as this one is, so the library is careful before it knows the result.
 */
static long confine(long number, long a, long b, long c, long d, long e)
{
	long result;

	if (sys_sandboxed || uses_parents_memory())
		return sys_pass(number, a, b, c, d, e);
	/* Without libc's word on threads (glibc 2.32) no split in the sandbox is exact. */
	if (process_libc_single_threaded)
		transparent_if_given_up();
	else
		transparent_from_now();
	fork_later_now();
	if (libc_calls.before_filter)
		libc_calls.before_filter();
	log_debug("the program installs a seccomp filter; this library prints nothing after it");
	sys_sandboxed = true;
	result = sys_pass(number, a, b, c, d, e);
	/* seccomp(2) may return a descriptor */
	if (SYS_IS_ERROR(result))
		sys_sandboxed = false;
	else
		process_enter_sandbox();
	return result;
}

static bool asks_for_filter(int option, unsigned long mode, unsigned long filter)
{
	/*
	 * A filter without privileges needs no_new_privs first. If calls through syscall(2) are not
	 * seen, seccomp(2) may follow unseen.
	 */
	if (option == PR_SET_NO_NEW_PRIVS)
		return !libc_calls.sees_syscall;
	return option == PR_SET_SECCOMP && (mode != SECCOMP_MODE_FILTER || filter);
}

/* These change how parts of pages can be changed: see exact.h. */
static void note_change(int option, unsigned long value)
{
	if (option != PR_SET_PTRACER && option != PR_SET_DUMPABLE && option != PR_SET_NO_NEW_PRIVS)
		return;
	if (uses_parents_memory())
		return;
	if (option == PR_SET_PTRACER)
		exact_note_ptracer((long)value);
	exact_changed();
}

int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	long result;

	if (asks_for_filter(option, a, b))
		return (int)answer(confine(SYS_prctl, option, (long)a, (long)b, (long)c, (long)d));
	if (option == PR_SET_DUMPABLE && !a && !uses_parents_memory())
		transparent_if_given_up();
	result = sys_pass(SYS_prctl, option, a, b, c, d);
	if (!result)
		note_change(option, a);
	return (int)answer(result);
}

long call_seccomp(unsigned int operation, unsigned int flags, void *arguments)
{
	bool strict = operation == SECCOMP_SET_MODE_STRICT;

	if (strict || (operation == SECCOMP_SET_MODE_FILTER && arguments))
		return answer(confine(SYS_seccomp, operation, flags, (long)arguments, 0, 0));
	return answer(sys_pass(SYS_seccomp, operation, flags, arguments));
}
