/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program can move the break itself: steps, zeroes, errors, and malloc in between. */
#include "heap_share.h"

static char *start;

static void show_move(const char *what, intptr_t increment)
{
	char *before = sbrk(0), *result, *after;

	errno = 0;
	result = sbrk(increment);
	printf("%s: ", what);
	if (result == (void *)-1)
		printf("error %d", errno);
	else
		printf("old break %s", result == before ? "returned" : "wrong");
	after = sbrk(0);
	printf(", moved by %ld\n", (long)(after - before));
}

static void grow_and_shrink(void)
{
	char *old = sbrk(8 * MEGABYTE);

	CHECK(old == start, "%p, not %p", (void *)old, (void *)start);
	check_zero(old, 8 * MEGABYTE);
	memset(old, 0xff, 8 * MEGABYTE);
	CHECK(sbrk(-(intptr_t)(4 * MEGABYTE + 100)) == old + 8 * MEGABYTE, "shrink");
	CHECK(sbrk(0) == old + 4 * MEGABYTE - 100, "break after shrink");
	CHECK(old[4 * MEGABYTE - 101] == (char)0xff, "what is left changed");
	CHECK(sbrk(4 * MEGABYTE + 100) == old + 4 * MEGABYTE - 100, "regrow");
	/* Up to the end of the page that the break was in, the old bytes may show. */
	check_zero(old + 4 * MEGABYTE, 4 * MEGABYTE);
	CHECK(brk(old) == 0 && sbrk(0) == old, "brk to the start");
}

static void mix_with_malloc(void)
{
	void *block[50], *mine[50];

	for (int i = 0; i < 50; i++) {
		block[i] = need(malloc(100000));
		fill_pattern(block[i], 100000, 1);
		mine[i] = sbrk(65536);
		CHECK(mine[i] != (void *)-1, "sbrk");
		check_zero(mine[i], 65536);
		memset(mine[i], i + 1, 65536);
	}
	heap_share_check();
	for (int i = 0; i < 50; i++) {
		check_pattern(block[i], 100000, 1);
		free(block[i]);
		for (int j = 0; j < 65536; j++)
			CHECK(((unsigned char *)mine[i])[j] == i + 1, "byte %d of piece %d", j, i);
	}
}

int main(void)
{
	static char buffer[4096];
	int result;

	/* nothing may malloc, as printf does without a buffer and strerror in some versions: that
	 * would move the break */
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	start = sbrk(0);
	CHECK(start != (void *)-1, "sbrk(0)");
	grow_and_shrink();
	show_move("1", 1);
	show_move("3", 3);
	show_move("4095", 4095);
	show_move("-4099", -4099);
	show_move("2M", 2 << 20);
	show_move("-2M", -(2 << 20));
	/* in 32 bits no increment is beyond all memory */
	if (sizeof(long) == 8)
		show_move("too much", (intptr_t)(1ULL << (sizeof(long) * 8 - 18)));
	CHECK(sbrk(0) == start, "the break is where it was");
	errno = 0;
	result = brk((void *)-4096L);
	printf("brk beyond all: %d, error %d\n", result, errno);
	mix_with_malloc();
	return 0;
}
