/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fill <megabytes> [hand]: fills that much memory by malloc of small blocks, writes all of it, and
 * ends. With "hand" it uses one mapping of hugetlb pages and one memset, which no malloc can beat.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	BLOCK_BYTES = 1000,
};

static int fill_by_hand(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	memset(memory, 1, bytes);
	return 0;
}

int main(int argc, char **argv)
{
	long blocks = argc > 1 ? atol(argv[1]) * (1 << 20) / BLOCK_BYTES : 0;

	if (blocks < 1) {
		fputs("usage: fill <megabytes> [hand]\n", stderr);
		return 2;
	}
	if (argc > 2)
		return fill_by_hand((size_t)atol(argv[1]) << 20);
	for (long block = 0; block < blocks; block++) {
		char *memory = malloc(BLOCK_BYTES);

		if (!memory)
			return 1;
		memset(memory, 1, BLOCK_BYTES);
	}
	return 0;
}
