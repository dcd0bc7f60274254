/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detects valgrind: its emulated CPU answers a sequence of instructions that has no effect on a
 * real CPU. Each x86 CPU defines it as VALGRIND_SEQUENCE.
 */
#ifndef X86_VALGRIND_H
#define X86_VALGRIND_H

#include <stdbool.h>

#define VALGRIND_RUNNING 0x1001 /* VG_USERREQ__RUNNING_ON_VALGRIND */

static inline bool cpu_runs_on_valgrind(void)
{
	const unsigned long request[6] = {VALGRIND_RUNNING};
	unsigned long answer = 0;

	__asm__ volatile(VALGRIND_SEQUENCE : "+d"(answer) : "a"(request) : "cc", "memory");
	return answer;
}

#endif
