/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detects valgrind: its emulated CPU answers a sequence of instructions that has no effect on a
 * real CPU. i386.
 */
#ifndef CPU_VALGRIND_H
#define CPU_VALGRIND_H

#include <stdbool.h>

#define VALGRIND_RUNNING 0x1001 /* VG_USERREQ__RUNNING_ON_VALGRIND */

static inline bool cpu_runs_on_valgrind(void)
{
	const unsigned long request[6] = {VALGRIND_RUNNING};
	unsigned long answer = 0;

	__asm__ volatile("roll $3, %%edi\n\t"
			 "roll $13, %%edi\n\t"
			 "roll $29, %%edi\n\t"
			 "roll $19, %%edi\n\t"
			 "xchgl %%ebx, %%ebx"
			 : "+d"(answer)
			 : "a"(request)
			 : "cc", "memory");
	return answer;
}

#endif
