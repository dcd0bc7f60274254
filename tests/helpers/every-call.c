/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of everything that makes the library call the kernel, in little time: its data must be right
 * and its output the same whichever of the library's calls fails. Results of the program's own
 * calls are ignored where ENOMEM is an honest result.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "test.h"

/* Fewer where the heap is not what a script looks at: a run takes as long as it touches pages. */
#ifndef BLOCKS
#define BLOCKS 240
#endif
#define BYTES ((size_t)128 << 10)
#define PAGE  4096

/* More than the script lets an arena give (MALLOC_MMAP_THRESHOLD_). */
#define BIG (5 * MEGABYTE)

static void *block[BLOCKS];
static uint64_t sum;

static void add(uint64_t value)
{
	sum = (sum ^ value) * 0x100000001b3u;
}

/* Of every small page one word: enough to see a page that got lost, cheap enough for many runs. */
static void mark(void *memory, size_t bytes, uint64_t seed)
{
	for (size_t at = 0; at + 8 <= bytes; at += PAGE)
		*(uint64_t *)((char *)memory + at) = seed + at;
}

static void check_marks(const void *memory, size_t bytes, uint64_t seed)
{
	for (size_t at = 0; at + 8 <= bytes; at += PAGE)
		CHECK(*(const uint64_t *)((const char *)memory + at) == seed + at,
		      "offset %zu of %zu bytes changed", at, bytes);
	add(seed + bytes);
}

static void small_blocks(void)
{
	for (int i = 0; i < BLOCKS; i++)
		mark(block[i] = need(malloc(BYTES)), BYTES, (uint64_t)i);
	for (int i = 0; i < BLOCKS; i += 2) {
		check_marks(block[i], BYTES, (uint64_t)i);
		free(block[i]);
		block[i] = need(calloc(1, BYTES));
		check_zero(block[i], BYTES);
		mark(block[i], BYTES, (uint64_t)i);
	}
}

static void *in_thread(void *argument)
{
	uint64_t seed = (uint64_t)(uintptr_t)argument;
	size_t bytes = 200000;
	void *mine[16], *big;

	for (int i = 0; i < 16; i++)
		mark(mine[i] = need(malloc(bytes)), bytes, seed + (uint64_t)i);
	big = need(malloc(BIG));
	mark(big, BIG, seed);
	for (int i = 0; i < 16; i++) {
		for (size_t at = 0; at + 8 <= bytes; at += PAGE)
			CHECK(*(uint64_t *)((char *)mine[i] + at) == seed + (uint64_t)i + at,
			      "an arena's block changed");
		free(mine[i]);
	}
	free(big);
	return NULL;
}

static void threads(void)
{
	pthread_t thread[2];

	for (uintptr_t i = 0; i < 2; i++)
		CHECK(!pthread_create(&thread[i], NULL, in_thread, (void *)(i + 1)), "no thread");
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

static void big_blocks(void)
{
	size_t sizes[] = {5, 7, 11, 6, 5};
	void *wall, *big = need(malloc(BIG));

	mark(big, BIG, 5);
	wall = need(malloc(BIG));
	for (size_t i = 1; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		big = need(realloc(big, sizes[i] * MEGABYTE));
		check_marks(big, BIG, 5);
		memset((char *)big + sizes[i] * MEGABYTE - 8, 1, 8);
		free(wall);
		wall = need(malloc(BIG));
	}
	free(big);
	free(wall);
}

/* Small pages of the heap, as coroutine stacks and garbage collectors use them. */
static void parts(void)
{
	char *at = need(aligned_alloc(PAGE, 16 * PAGE));

	mark(at, 16 * PAGE, 9);
	if (!mprotect(at + 2 * PAGE, PAGE, PROT_READ))
		CHECK(!mprotect(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE), "%s",
		      strerror(errno));
	check_marks(at, 16 * PAGE, 9);
	if (!madvise(at + 4 * PAGE, 2 * PAGE, MADV_DONTNEED))
		check_zero(at + 4 * PAGE, 2 * PAGE);
	mark(at, 16 * PAGE, 10);
	if (!madvise(at + 8 * PAGE, PAGE, MADV_DONTFORK))
		CHECK(!madvise(at + 8 * PAGE, PAGE, MADV_DOFORK), "%s", strerror(errno));
	madvise(at, 16 * PAGE, MADV_FREE);
	mark(at, 16 * PAGE, 11);
	check_marks(at, 16 * PAGE, 11);
	free(at);
}

static void children(uint64_t seed)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "no child");
	if (!child) {
		for (int i = 0; i < BLOCKS; i++) {
			check_marks(block[i], BYTES, (uint64_t)i + seed);
			mark(block[i], BYTES, 77);
		}
		free(need(malloc(3 * MEGABYTE)));
		_exit(0);
	}
	for (int i = 0; i < BLOCKS; i++)
		mark(block[i], BYTES, (uint64_t)i + seed + 1);
	CHECK(waitpid(child, &status, 0) == child, "no child");
	CHECK(status == 0, "the child ended with status %#x", (unsigned int)status);
	for (int i = 0; i < BLOCKS; i++)
		check_marks(block[i], BYTES, (uint64_t)i + seed + 1);
}

int main(void)
{
	small_blocks();
	children(0); /* of a process with one thread */
	threads();
	big_blocks();
	parts();
	children(1);
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	/* What is free at the top goes back to the kernel, and comes again. */
	mark(block[0] = need(malloc(8 * MEGABYTE)), 8 * MEGABYTE, 3);
	check_marks(block[0], 8 * MEGABYTE, 3);
	free(block[0]);
	printf("%016llx\n", (unsigned long long)sum);
	return 0;
}
