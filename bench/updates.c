/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * updates <megabytes> <updates> [hand]: adds to words at random places in that much malloced
 * memory. Prints the nanoseconds that the updates took; the memory is allocated and written before.
 * With "hand" the program maps its memory from the pool of huge pages itself.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nanoseconds.h"

enum {
	BLOCK_BYTES = 64000, /* below malloc's limit for an mmap of its own */
	WORDS = BLOCK_BYTES / sizeof(uint64_t),
};

/* Blocks as malloc would give them, one after the other. */
static char *map_by_hand(size_t blocks)
{
	const size_t huge_bytes = 2 << 20;
	size_t bytes = (blocks * BLOCK_BYTES + huge_bytes - 1) / huge_bytes * huge_bytes;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return memory;
}

int main(int argc, char **argv)
{
	size_t blocks = argc > 2 ? atol(argv[1]) * (1u << 20) / BLOCK_BYTES : 0;
	long updates = argc > 2 ? atol(argv[2]) : 0;
	uint64_t **block = calloc(blocks + 1, sizeof(*block));
	uint64_t state = 88172645463325252u;
	char *by_hand = argc > 3 ? map_by_hand(blocks) : NULL;
	double start_ns;

	if (!blocks || !block) {
		fputs("usage: updates <megabytes> <updates> [hand]\n", stderr);
		return 2;
	}
	for (size_t number = 0; number < blocks; number++) {
		block[number] = by_hand ? (uint64_t *)(by_hand + number * BLOCK_BYTES)
					: malloc(BLOCK_BYTES);
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
