/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lifetimes <megabytes> <threads> <rounds>: an allocator's work in a program with a large heap.
 * Each thread fills its share of the memory with blocks, most of them small and some of them large,
 * and then, round after round, uses blocks at random, frees a random half of them and allocates
 * others in their place. Half-way it frees all of them and starts again, like a server between two
 * requests.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	THREADS_MAX = 64,
	SMALL_BYTES_MAX = 1024,
	BIG_BYTES_MIN = 32 << 10,
	BIG_BYTES_MAX = 1 << 20,
	BIG_EVERY = 1024, /* one block in this many is large: half of the memory */
	AVERAGE_BYTES = 1024,
	USES_PER_BLOCK = 4,
};

struct block {
	unsigned char *memory;
	size_t bytes;
};

static size_t blocks_per_thread;
static int rounds;

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void take(struct block *block, uint64_t *state)
{
	uint64_t random = next_random(state);

	block->bytes = random % BIG_EVERY ? 16 + (random >> 32) % SMALL_BYTES_MAX
					  : BIG_BYTES_MIN + (random >> 32) % BIG_BYTES_MAX;
	block->memory = malloc(block->bytes);
	if (!block->memory)
		abort();
	memset(block->memory, (int)random, block->bytes);
}

static void drop(struct block *block)
{
	free(block->memory);
	block->memory = NULL;
}

static void use_some(struct block *blocks, uint64_t *state)
{
	for (size_t use = 0; use < blocks_per_thread * USES_PER_BLOCK; use++) {
		uint64_t random = next_random(state);
		struct block *block = &blocks[(random >> 24) % blocks_per_thread];

		block->memory[random % block->bytes]++;
	}
}

static void *live(void *number)
{
	uint64_t state = 88172645463325252u + (uintptr_t)number;
	struct block *blocks = calloc(blocks_per_thread, sizeof(*blocks));

	if (!blocks)
		abort();
	for (int round = 0; round < rounds; round++) {
		for (size_t which = 0; which < blocks_per_thread; which++) {
			if (round == rounds / 2 ||
			    (blocks[which].memory && next_random(&state) & 1))
				drop(&blocks[which]);
		}
		for (size_t which = 0; which < blocks_per_thread; which++) {
			if (!blocks[which].memory)
				take(&blocks[which], &state);
		}
		use_some(blocks, &state);
	}
	for (size_t which = 0; which < blocks_per_thread; which++)
		drop(&blocks[which]);
	free(blocks);
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 3 ? atoi(argv[2]) : 0;
	pthread_t thread[THREADS_MAX];

	if (threads < 1 || threads > THREADS_MAX) {
		fputs("usage: lifetimes <megabytes> <1..64 threads> <rounds>\n", stderr);
		return 2;
	}
	blocks_per_thread = (size_t)atol(argv[1]) * (1 << 20) / AVERAGE_BYTES / threads;
	rounds = atoi(argv[3]);
	for (int number = 0; number < threads; number++) {
		if (pthread_create(&thread[number], NULL, live, (void *)(uintptr_t)number))
			return 1;
	}
	for (int number = 0; number < threads; number++)
		pthread_join(thread[number], NULL);
	return 0;
}
