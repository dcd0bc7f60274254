/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls <what> <calls> <threads> [<mappings>]: calls for memory at a high rate, each thread its
 * own, and prints how many nanoseconds they took. What:
 *
 *   small       map 64K, touch it, unmap it
 *   big         map 4M, touch all of it, unmap it
 *   untouched   map 4M, touch one byte of it, unmap it
 *   rights      take and give rights of 64K
 *   advice      MADV_DONTNEED of 64K of small mappings that are in use, and touch them
 *   many        with 10,000 mappings of 2M, or that many, that are in use: rights, advice and a new
 * mapping for one of them, picked at random chosen      the same, with mappings at addresses of the
 * program's own choice
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nanoseconds.h"

enum {
	THREADS_MAX = 64,
	MANY_MAX = 60000,
	PAGE_BYTES = 4096,
	SMALL_BYTES = 64 << 10,
	HUGE_BYTES = 2 << 20,
	BIG_BYTES = 4 << 20,
};

static const char *what;
static long calls;
static int threads;
static unsigned char *many[MANY_MAX];
static long many_count = 10000;
static pthread_barrier_t begin, end;

static unsigned char *map(void *address, size_t bytes, int protection, int flags)
{
	void *memory = mmap(address, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return memory;
}

static void check(int result)
{
	if (result) {
		perror(what);
		exit(1);
	}
}

static void map_and_unmap(size_t bytes, size_t touched)
{
	for (long call = 0; call < calls; call++) {
		unsigned char *memory = map(NULL, bytes, PROT_READ | PROT_WRITE, 0);

		for (size_t at = 0; at < touched; at += PAGE_BYTES)
			memory[at] = 1;
		check(munmap(memory, bytes));
	}
}

static void change_one(bool advise)
{
	unsigned char *memory = map(NULL, SMALL_BYTES, PROT_READ | PROT_WRITE, 0);

	for (long call = 0; call < calls; call++) {
		if (advise) {
			check(madvise(memory, SMALL_BYTES, MADV_DONTNEED));
		} else {
			check(mprotect(memory, SMALL_BYTES, PROT_READ));
			check(mprotect(memory, SMALL_BYTES, PROT_READ | PROT_WRITE));
		}
		memory[0] = 1;
	}
	check(munmap(memory, SMALL_BYTES));
}

/* With gaps between them, so that they don't merge. */
static void map_many(bool chosen)
{
	unsigned char *place = map(NULL, 2ul * many_count * HUGE_BYTES, PROT_NONE, MAP_NORESERVE);

	if (!chosen)
		check(munmap(place, 2ul * many_count * HUGE_BYTES));
	for (int which = 0; which < many_count; which++) {
		unsigned char *at = place + 2ul * which * HUGE_BYTES;

		many[which] = map(chosen ? at : NULL, HUGE_BYTES, PROT_READ | PROT_WRITE,
				  MAP_NORESERVE | (chosen ? MAP_FIXED : 0));
	}
}

/* Each thread has its own of them. */
static void change_many(int thread, bool chosen)
{
	uint64_t state = 88172645463325252u + thread;

	for (long call = 0; call < calls; call++) {
		int which;

		state = state * 6364136223846793005u + 1442695040888963407u;
		which = (state >> 33) % (many_count / threads) * threads + thread;
		check(mprotect(many[which], HUGE_BYTES, PROT_READ));
		check(mprotect(many[which], HUGE_BYTES, PROT_READ | PROT_WRITE));
		check(madvise(many[which], HUGE_BYTES, MADV_DONTNEED));
		if (!chosen)
			check(munmap(many[which], HUGE_BYTES));
		many[which] = map(chosen ? many[which] : NULL, HUGE_BYTES, PROT_READ | PROT_WRITE,
				  MAP_NORESERVE | (chosen ? MAP_FIXED : 0));
	}
}

static void *run(void *number)
{
	pthread_barrier_wait(&begin);
	if (!strcmp(what, "small"))
		map_and_unmap(SMALL_BYTES, SMALL_BYTES);
	else if (!strcmp(what, "big"))
		map_and_unmap(BIG_BYTES, BIG_BYTES);
	else if (!strcmp(what, "untouched"))
		map_and_unmap(BIG_BYTES, 1);
	else if (!strcmp(what, "rights") || !strcmp(what, "advice"))
		change_one(!strcmp(what, "advice"));
	else
		change_many((int)(uintptr_t)number, !strcmp(what, "chosen"));
	pthread_barrier_wait(&end);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS_MAX];
	double start_ns;

	threads = argc > 3 ? atoi(argv[3]) : 0;
	if (threads < 1 || threads > THREADS_MAX) {
		fputs("usage: calls <what> <calls> <1..64 threads>\n", stderr);
		return 2;
	}
	what = argv[1];
	calls = atol(argv[2]);
	many_count = argc > 4 ? atol(argv[4]) : many_count;
	if (many_count < threads || many_count > MANY_MAX)
		return 2;
	pthread_barrier_init(&begin, NULL, threads + 1);
	pthread_barrier_init(&end, NULL, threads + 1);
	if (!strcmp(what, "many") || !strcmp(what, "chosen"))
		map_many(!strcmp(what, "chosen"));
	for (int number = 0; number < threads; number++)
		if (pthread_create(&thread[number], NULL, run, (void *)(uintptr_t)number))
			return 1;
	pthread_barrier_wait(&begin);
	start_ns = nanoseconds_now();
	pthread_barrier_wait(&end);
	printf("%.0f\n", nanoseconds_now() - start_ns);
	return 0;
}
