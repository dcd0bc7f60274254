/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * threads <threads> <operations>: each thread frees and mallocs blocks of mixed small sizes,
 * <operations> times, in a working set of its own. Only malloc is measured.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BLOCKS = 4096,
	BLOCK_BYTES_MIN = 16,
	BLOCK_BYTES_MAX = 1040,
};

static long operations;

static void *work(void *number)
{
	uint64_t state = 88172645463325252u + (uintptr_t)number;
	unsigned char *block[BLOCKS] = {NULL};

	for (long operation = 0; operation < operations; operation++) {
		size_t which, bytes;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		which = state % BLOCKS;
		bytes = BLOCK_BYTES_MIN + (state >> 32) % (BLOCK_BYTES_MAX - BLOCK_BYTES_MIN);
		free(block[which]);
		block[which] = malloc(bytes);
		if (!block[which])
			abort();
		block[which][0] = block[which][bytes - 1] = 1;
	}
	for (int which = 0; which < BLOCKS; which++)
		free(block[which]);
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[1]) : 0;
	pthread_t thread[256];

	if (threads < 1 || threads > 256) {
		fputs("usage: threads <1..256> <operations>\n", stderr);
		return 2;
	}
	operations = atol(argv[2]);
	for (int number = 0; number < threads; number++) {
		if (pthread_create(&thread[number], NULL, work, (void *)(uintptr_t)number))
			return 1;
	}
	for (int number = 0; number < threads; number++)
		pthread_join(thread[number], NULL);
	return 0;
}
