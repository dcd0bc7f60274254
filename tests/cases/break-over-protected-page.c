/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The break falls below protected memory and rises again: what is there is new, and writable. The
 * memory is protected by libc's function, and by the system call as such.
 */
#include <kernel.h>
#include <stdbool.h>
#include <sys/mman.h>
#include "test.h"

#define HUGE (2 * MEGABYTE)

static bool past_libc;

static void make_read_only(char *from, size_t bytes)
{
	if (past_libc)
		CHECK(cpu_system_call(SYS_mprotect, (long)from, (long)bytes, PROT_READ, 0, 0, 0) ==
			      0,
		      "mprotect");
	else
		CHECK(mprotect(from, bytes, PROT_READ) == 0, "%m");
}

static void lower_and_raise(size_t from, size_t bytes)
{
	char *memory = sbrk(4 * HUGE), *again;

	CHECK(memory != (void *)-1, "%m");
	memset(memory, 1, 4 * HUGE);
	make_read_only(memory + from, bytes);
	CHECK(sbrk(-(intptr_t)(4 * HUGE)) != (void *)-1, "%m");
	again = sbrk(4 * HUGE);
	CHECK(again == memory, "%p, not %p", (void *)again, (void *)memory);
	check_zero(again, 4 * HUGE);
	memset(again, 2, 4 * HUGE);
	/* half of a protected page stays below the break */
	make_read_only(memory + HUGE, HUGE);
	CHECK(sbrk(-(intptr_t)(2 * HUGE + HUGE / 2)) != (void *)-1, "%m");
	CHECK(sbrk((intptr_t)(2 * HUGE + HUGE / 2)) != (void *)-1, "%m");
	check_zero(memory + HUGE + HUGE / 2, 2 * HUGE + HUGE / 2);
	for (size_t i = 0; i < HUGE / 2; i++)
		CHECK(memory[HUGE + i] == 2, "what stayed below the break");
	memset(memory + HUGE + HUGE / 2, 3, 2 * HUGE + HUGE / 2);
}

/* The kernel itself protects no part of a hugetlb page. */
static bool may_be_protected(char *at, size_t bytes)
{
	return !cpu_system_call(SYS_mprotect, (long)at, (long)bytes, PROT_READ | PROT_WRITE, 0, 0,
				0);
}

int main(void)
{
	char *now;

	CHECK(sbrk((intptr_t)(HUGE - ((uintptr_t)sbrk(0) & (HUGE - 1)))) != (void *)-1, "%m");
	lower_and_raise(HUGE, HUGE);
	lower_and_raise(HUGE, 2 * HUGE);
	lower_and_raise(HUGE + 4096, 4096);
	now = sbrk(HUGE);
	CHECK(now != (void *)-1, "%m");
	past_libc = true;
	if (may_be_protected(now, HUGE)) {
		lower_and_raise(HUGE, HUGE);
		lower_and_raise(HUGE, 2 * HUGE);
	}
	puts("ok");
	return 0;
}
