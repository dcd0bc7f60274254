/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * THREADS (8) threads allocate 200M in total, of mixed sizes; each frees its neighbour's blocks.
 */
#include "heap_share.h"

#define SLOTS 4096

struct slot {
	void *block;
	size_t bytes;
};

static struct slot (*slots)[SLOTS];
static pthread_barrier_t barrier;
static long threads;
static size_t limit;

static void fill_slots(struct slot *mine, uint64_t *random)
{
	size_t bytes = 0, average = limit / SLOTS;

	for (int i = 0; i < SLOTS && bytes < limit; i++) {
		/* mostly small, now and then big */
		size_t wanted = 16 + next_random(random) % average;

		if (i % 16 == 0)
			wanted += 8 * average;
		mine[i].bytes = wanted;
		mine[i].block = need(malloc(wanted));
		fill_pattern(mine[i].block, wanted, 7);
		bytes += wanted;
	}
}

static void free_slots(struct slot *slot)
{
	for (int i = 0; i < SLOTS; i++) {
		if (!slot[i].block)
			continue;
		check_pattern(slot[i].block, slot[i].bytes, 7);
		free(slot[i].block);
		slot[i].block = NULL;
	}
}

static void *run(void *argument)
{
	long self = (long)argument;
	uint64_t random = (uint64_t)self;

	for (int round = 0; round < 3; round++) {
		fill_slots(slots[self], &random);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			heap_share_check();
		pthread_barrier_wait(&barrier);
		free_slots(slots[(self + 1) % threads]);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(int count, char **arguments)
{
	pthread_t thread[64];

	/* on shared memory: a big array of the program's would count as heap */
	slots = mmap(NULL, 64 * sizeof(*slots), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	CHECK(slots != MAP_FAILED, "no slots");
	threads = count > 1 ? atol(arguments[1]) : 8;
	limit = 200 * MEGABYTE / (size_t)threads;
	pthread_barrier_init(&barrier, NULL, (unsigned int)threads);
	for (long i = 0; i < threads; i++)
		thread[i] = start_thread(run, (void *)i);
	for (long i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
