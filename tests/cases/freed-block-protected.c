/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks that are allocated after another one was freed can be written to, are zero where calloc
 * made them, and are in a child of fork, whatever the program did to parts or all of the freed one:
 * it protected, advised, replaced or unmapped them, by libc's functions or past them.
 */
#include <kernel.h>
#include <stdbool.h>
#include <sys/wait.h>
#include "heap_share.h"

#define HUGE  (2 * MEGABYTE)
#define BASE  ((size_t)4096)
#define BYTES (48 * MEGABYTE)

enum change { PROTECT, WITHDRAW, REPLACE, UNMAP, KEEP_FROM_CHILD, CHANGES };

static long past_libc(enum change change, char *at, size_t bytes)
{
	switch (change) {
	case PROTECT:
		return cpu_system_call(SYS_mprotect, (long)at, (long)bytes, PROT_READ, 0, 0, 0);
	case WITHDRAW:
		return cpu_system_call(SYS_mprotect, (long)at, (long)bytes, PROT_NONE, 0, 0, 0);
	case REPLACE:
		return cpu_system_call(CPU_MMAP_NUMBER, (long)at, (long)bytes, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	case UNMAP:
		return cpu_system_call(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0);
	default:
		return cpu_system_call(SYS_madvise, (long)at, (long)bytes, MADV_DONTFORK, 0, 0, 0);
	}
}

static void by_libc(enum change change, char *at, size_t bytes)
{
	switch (change) {
	case PROTECT:
		CHECK(mprotect(at, bytes, PROT_READ) == 0, "%m");
		break;
	case WITHDRAW:
		CHECK(mprotect(at, bytes, PROT_NONE) == 0, "%m");
		break;
	case REPLACE:
		CHECK(mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
			      at,
		      "%m");
		break;
	case UNMAP:
		CHECK(munmap(at, bytes) == 0, "%m");
		break;
	default:
		CHECK(madvise(at, bytes, MADV_DONTFORK) == 0, "%m");
	}
}

static void check_child_has(const char *block)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "%m");
	if (!child) {
		for (size_t i = 0; i < BYTES; i += BASE)
			if (block[i] != 3)
				_exit(1);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && !status, "the child's status: %#x", status);
}

static void use_again(void)
{
	char *blocks[2];

	for (int i = 0; i < 2; i++) {
		blocks[i] = need(calloc(1, BYTES));
		check_zero(blocks[i], BYTES);
		memset(blocks[i], 3, BYTES);
	}
	check_child_has(blocks[0]);
	for (int i = 0; i < 2; i++)
		free(blocks[i]);
}

static void change_and_free(enum change change, bool seen, size_t offset, size_t bytes)
{
	char *block = need(malloc(BYTES)), *page = block + (-(uintptr_t)block & (HUGE - 1));

	memset(block, 1, BYTES);
	if (seen)
		by_libc(change, page + offset, bytes);
	else
		past_libc(change, page + offset, bytes); /* the kernel may refuse it */
	free(block);
	use_again();
}

int main(void)
{
	for (int change = 0; change < CHANGES; change++) {
		change_and_free(change, true, 4 * HUGE + BASE, BASE);
		change_and_free(change, true, 4 * HUGE, 3 * HUGE);
		change_and_free(change, false, 4 * HUGE, 3 * HUGE);
	}
	puts("ok");
	return 0;
}
