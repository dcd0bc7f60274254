/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program can move the break by syscall(SYS_brk), as some allocators of their own do, before
 * malloc has grown and after it; what malloc gave stays as it is.
 */
#include <sys/syscall.h>
#include "heap_share.h"

#define BLOCKS 600
#define BLOCK  65536

static void *block[BLOCKS];

/* As the kernel's: the break, after it was moved if it could be. */
static char *move(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

static void allocate(int from, int to)
{
	for (int i = from; i < to; i++) {
		block[i] = need(malloc(BLOCK));
		fill_pattern(block[i], BLOCK, 1);
	}
}

static void check_blocks(int blocks)
{
	for (int i = 0; i < blocks; i++)
		check_pattern(block[i], BLOCK, 1);
}

static void grow_and_lower(int blocks)
{
	const size_t bytes = 8 * MEGABYTE;
	char *start = move(NULL);

	for (int i = 0; i < 3; i++) {
		CHECK(move(start + bytes) == start + bytes, "turn %d: not grown", i);
		/* up to the end of the page that the break was in, the old bytes may show */
		check_zero(start + 4096, bytes - 4096);
		memset(start, 0xff, bytes);
		CHECK(move(start + bytes / 2 + 100) == start + bytes / 2 + 100, "half");
		CHECK(start[bytes / 2] == (char)0xff, "what is left changed");
		CHECK(move(start) == start, "turn %d: not lowered", i);
		check_blocks(blocks);
	}
	CHECK(move(NULL) == start, "asked");
	CHECK(move((char *)1) == start, "below everything");
	CHECK(move((char *)-4096L) == start, "beyond everything");
}

/* What was raised before malloc's first growth stays below what malloc gets. */
static void raise_first(void)
{
	char *start = move(NULL), *end = start + 3 * MEGABYTE;

	grow_and_lower(0);
	CHECK(move(end) == end, "not grown");
	memset(start, 0x5a, (size_t)(end - start));
	allocate(0, BLOCKS / 2);
	for (char *at = start; at < end; at++)
		CHECK(*at == 0x5a, "malloc's memory lies in the program's");
}

int main(void)
{
	static char buffer[4096];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	raise_first();
	CHECK(move(NULL) == sbrk(0), "two breaks");
	grow_and_lower(BLOCKS / 2);
	allocate(BLOCKS / 2, BLOCKS);
	CHECK(move(NULL) == sbrk(0), "two breaks");
	grow_and_lower(BLOCKS);
	heap_share_check();
	printf("%d blocks\n", BLOCKS);
	return 0;
}
