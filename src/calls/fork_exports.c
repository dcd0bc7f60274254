/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone() and _Fork(), replacing libc's for programs that call them by name; not in libhugetlbfs.a,
 * where libc's functions would become unreachable.
 *
 * libc itself calls its own. The functions are exported without a version (see libhugetlbfs.map),
 * because programs request libc's version.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <task.h>
#include <unistd.h>

#include "calls/clone.h"
#include "calls/fork.h"
#include "calls/result.h"

#define EXPORTED __attribute__((visibility("default")))

typedef int clone_function(int (*function)(void *), void *stack, int flags, void *argument, ...);

/* libc's own function, in any C library. Takes no lock but ld.so's. NULL: there is none. */
static void *libcs(const char *name)
{
	struct libc object;

	if (libc_calls.active)
		return (void *)libc_symbol(&libc_calls.libc, name, NULL);
	if (libc_find_object(&object, (uintptr_t)&__errno_location))
		return NULL;
	return (void *)libc_symbol(&object, name, NULL);
}

EXPORTED pid_t _Fork(void);
EXPORTED pid_t _Fork(void)
{
	pid_t (*real)(void) = (pid_t(*)(void))libcs("_Fork");

	if (!real) {
		errno = ENOSYS;
		return -1;
	}
	return fork_by(real);
}

EXPORTED int clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
	clone_function *real;
	void *parent, *area, *child;
	va_list rest;
	long number;

	va_start(rest, argument);
	parent = va_arg(rest, void *);
	area = va_arg(rest, void *);
	child = va_arg(rest, void *);
	va_end(rest);
	if (!libc_calls.active || !function || !stack || flags & CLONE_NOT_OURS) {
		real = (clone_function *)libcs("clone");
		if (real)
			return real(function, stack, flags, argument, parent, area, child);
		errno = ENOSYS;
		return -1;
	}
	number = clone_system_call(SYS_clone, flags, 0, (long)parent,
				   CPU_CLONE_CHILD_LAST ? 0 : (long)child,
				   CPU_CLONE_CHILD_LAST ? (long)child : 0);
	if (number)
		return (int)answer(number);
	number = cpu_call_on_stack((uintptr_t)stack & ~(uintptr_t)15, function, argument);
	for (;;)
		sys_pass(SYS_exit, number);
}
