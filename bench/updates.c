/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * updates <megabytes> <updates>: adds to words at random places of so much malloced memory. Prints
 * the nanoseconds that the updates took: the memory is there and written before.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BLOCK_BYTES = 64000, /* below malloc's limit for an mmap of its own */
	WORDS = BLOCK_BYTES / sizeof(uint64_t),
};

static double nanoseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
	size_t blocks = argc > 2 ? atol(argv[1]) * (1u << 20) / BLOCK_BYTES : 0;
	long updates = argc > 2 ? atol(argv[2]) : 0;
	uint64_t **block = calloc(blocks + 1, sizeof(*block));
	uint64_t state = 88172645463325252u;
	double start_ns;

	if (!blocks || !block) {
		fputs("usage: updates <megabytes> <updates>\n", stderr);
		return 2;
	}
	for (size_t number = 0; number < blocks; number++) {
		block[number] = malloc(BLOCK_BYTES);
		if (!block[number])
			return 1;
		memset(block[number], 1, BLOCK_BYTES);
	}
	start_ns = nanoseconds_now();
	for (long update = 0; update < updates; update++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		block[(state >> 32) % blocks][(uint32_t)state % WORDS] += state;
	}
	printf("%.0f\n", nanoseconds_now() - start_ns);
	return 0;
}
