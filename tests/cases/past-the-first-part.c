/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main heap grows past the GB of addresses that it begins with, beside a thread that has blocks
 * of its own: nothing is lost, neither before nor after a fork. With "held" the program has mapped
 * something in its way meanwhile, which stays.
 */
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "test.h"

#define BLOCKS 100
#define BYTES  (24 * MEGABYTE)

static char *block[BLOCKS];

static void fill(int from, int to)
{
	for (int i = from; i < to; i++) {
		block[i] = need(malloc(BYTES));
		block[i][0] = (char)i;
		block[i][BYTES - 1] = (char)~i;
	}
}

static void check(int to)
{
	for (int i = 0; i < to; i++)
		CHECK(block[i][0] == (char)i && block[i][BYTES - 1] == (char)~i, "block %d", i);
}

static void *use_memory(void *unused)
{
	char *own[20];

	for (int i = 0; i < 20; i++) {
		own[i] = need(malloc(i % 2 ? 100000 : 40 * MEGABYTE));
		own[i][0] = (char)i;
	}
	for (int i = 0; i < 20; i++) {
		CHECK(own[i][0] == (char)i, "block %d of the thread", i);
		free(own[i]);
	}
	return unused;
}

static void check_in_child(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		check(BLOCKS);
		block[0][0] = 99;
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "the child");
}

int main(int count, char **arguments)
{
	char *held = NULL;
	pthread_t thread;

	(void)arguments;
	/* so that malloc takes it from the break */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	fill(0, 20);
	if (count > 1) {
		held = mmap(block[0] + (1500 * MEGABYTE & ~4095ul) - ((uintptr_t)block[0] & 4095),
			    4 * MEGABYTE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		CHECK(held != MAP_FAILED, "the place is not free: %m");
		memset(held, 7, 4 * MEGABYTE);
	}
	CHECK(pthread_create(&thread, NULL, use_memory, NULL) == 0, "thread");
	fill(20, BLOCKS);
	pthread_join(thread, NULL);
	check(BLOCKS);
	for (size_t i = 0; held && i < 4 * MEGABYTE; i++)
		CHECK(held[i] == 7, "the mapping has changed at %zu", i);
	check_in_child();
	check(BLOCKS);
	for (int i = 0; i < BLOCKS; i += 2)
		free(block[i]);
	for (int i = 0; i < BLOCKS; i += 2) {
		block[i] = need(malloc(BYTES));
		block[i][0] = (char)i;
		block[i][BYTES - 1] = (char)~i;
	}
	check(BLOCKS);
	return 0;
}
