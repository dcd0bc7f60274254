/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The break falls below protected memory and rises again: what is there is new, and writable. */
#include <sys/mman.h>
#include "test.h"

#define HUGE (2 * MEGABYTE)

static void lower_and_raise(size_t from, size_t bytes)
{
	char *memory = sbrk(4 * HUGE), *again;

	CHECK(memory != (void *)-1, "%m");
	memset(memory, 1, 4 * HUGE);
	CHECK(mprotect(memory + from, bytes, PROT_READ) == 0, "%m");
	CHECK(sbrk(-(intptr_t)(4 * HUGE)) != (void *)-1, "%m");
	again = sbrk(4 * HUGE);
	CHECK(again == memory, "%p, not %p", (void *)again, (void *)memory);
	check_zero(again, 4 * HUGE);
	memset(again, 2, 4 * HUGE);
	/* half of a protected page stays below the break */
	CHECK(mprotect(memory + HUGE, HUGE, PROT_READ) == 0, "%m");
	CHECK(sbrk(-(intptr_t)(2 * HUGE + HUGE / 2)) != (void *)-1, "%m");
	CHECK(sbrk((intptr_t)(2 * HUGE + HUGE / 2)) != (void *)-1, "%m");
	check_zero(memory + HUGE + HUGE / 2, 2 * HUGE + HUGE / 2);
	for (size_t i = 0; i < HUGE / 2; i++)
		CHECK(memory[HUGE + i] == 2, "what stayed below the break");
	memset(memory + HUGE + HUGE / 2, 3, 2 * HUGE + HUGE / 2);
}

int main(void)
{
	CHECK(sbrk((intptr_t)(HUGE - ((uintptr_t)sbrk(0) & (HUGE - 1)))) != (void *)-1, "%m");
	lower_and_raise(HUGE, HUGE);
	lower_and_raise(HUGE, 2 * HUGE);
	lower_and_raise(HUGE + 4096, 4096);
	puts("ok");
	return 0;
}
