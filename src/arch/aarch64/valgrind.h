/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detects valgrind: its emulated CPU answers a sequence of instructions that has no effect on a
 * real CPU. arm64.
 */
#ifndef CPU_VALGRIND_H
#define CPU_VALGRIND_H

#include <stdbool.h>

#define VALGRIND_RUNNING 0x1001 /* VG_USERREQ__RUNNING_ON_VALGRIND */

static inline bool cpu_runs_on_valgrind(void)
{
	const unsigned long request[6] = {VALGRIND_RUNNING};
	register unsigned long answer __asm__("x3") = 0;
	register const unsigned long *at __asm__("x4") = request;

	__asm__ volatile("ror x12, x12, #3\n\t"
			 "ror x12, x12, #13\n\t"
			 "ror x12, x12, #51\n\t"
			 "ror x12, x12, #61\n\t"
			 "orr x10, x10, x10"
			 : "+r"(answer)
			 : "r"(at)
			 : "cc", "memory");
	return answer;
}

#endif
