/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate: every system call that the library makes for itself goes through here.
 *
 * A separate file, so that tests can link another gate instead.
 */
#include "base/sys.h"

__attribute__((hot)) long sys_gate(long number, long a, long b, long c, long d, long e, long f)
{
	return cpu_system_call(number, a, b, c, d, e, f);
}
