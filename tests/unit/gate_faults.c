/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate of the library that whole programs run under while its calls fail: takes the place of
 * src/gate.c in libhugetlbfs-faults.so.
 *
 *   FAULT_CALL=n      the n-th call of the process fails, once
 *   FAULT_FROM=n      so do all from the n-th on
 *   FAULT_ERRNO=e     with this error (12, ENOMEM)
 *   FAULT_LATE=1      an mremap with MREMAP_FIXED has unmapped its target before it fails
 *   FAULT_COUNT_FD=f  at exit the number of calls goes to descriptor f
 *
 * Without these every call passes. A child goes on counting where its parent stood; but FAULT_FROM
 * ends with the fork: a parent that has begun to give its child memory of its own, with success,
 * can't take that back for a child that gets nothing any more. Calls come from any thread, with
 * libc's locks held: nothing here allocates.
 */
#include "base/program.h"
#include "base/sys.h"

static unsigned long calls;

/* getenv() has no environment yet when the library's constructor runs. */
static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = program_variable(name);
	unsigned long value = 0;

	if (!text)
		return otherwise;
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (unsigned long)(*text - '0');
	return value;
}

/* Did FAULT_FROM begin in this process? */
static int is_first_process(void)
{
	static long first;
	long self = sys_pass(SYS_getpid, 0, 0, 0, 0, 0, 0);

	if (!first)
		first = self;
	return self == first;
}

/* What the kernel never refuses; MADV_DOFORK takes back what was granted just before. */
static int never_fails(long number, long c)
{
	return number == SYS_getpid || number == SYS_brk ||
	       (number == SYS_madvise && c == MADV_DOFORK);
}

long sys_gate(long number, long a, long b, long c, long d, long e, long f)
{
	static unsigned long nth, from, error, late;
	static int ready;
	unsigned long call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);

	/* The first call is the constructor's, when no other thread runs. */
	if (!ready) {
		nth = setting("FAULT_CALL", 0);
		from = setting("FAULT_FROM", 0);
		error = setting("FAULT_ERRNO", 12);
		late = setting("FAULT_LATE", 0);
		is_first_process();
		ready = 1;
	}
	if ((call == nth || (from && call >= from && is_first_process())) &&
	    !never_fails(number, c)) {
		/* Whatever close returns, the descriptor is closed. */
		if (number == SYS_close)
			sys_pass(number, a, b, c, d, e, f);
		if (late && number == SYS_mremap && d & MREMAP_FIXED)
			sys_pass(SYS_munmap, e, c);
		return -(long)error;
	}
	return sys_pass(number, a, b, c, d, e, f);
}

/* After the library's own destructor, which may make calls for its report. */
static void __attribute__((destructor(101))) tell_count(void)
{
	char text[24];
	size_t at = sizeof(text);
	unsigned long count = calls, fd = setting("FAULT_COUNT_FD", 0);

	if (!fd)
		return;
	text[--at] = '\n';
	do
		text[--at] = (char)('0' + count % 10);
	while (count /= 10);
	sys_pass(SYS_write, (long)fd, (long)(text + at), (long)(sizeof(text) - at), 0, 0, 0);
}
