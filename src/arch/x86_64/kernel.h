/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call instruction of x86-64.
 *
 * Returns what the kernel returns: a value, or -errno. Needs no libc data.
 */
#ifndef CPU_KERNEL_H
#define CPU_KERNEL_H

#include "../64bit/numbers.h"

/* clone takes the address for the child's number before the thread area. */
#define CPU_CLONE_CHILD_LAST 0

static inline long cpu_system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#endif
