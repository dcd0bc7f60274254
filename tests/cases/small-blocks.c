/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of 16 to 512 bytes, MEGABYTES (200) in total: half of them are freed and allocated again.
 */
#include "heap_share.h"

struct block {
	struct block *next;
	size_t bytes;
};

static struct block *new_block(uint64_t *random, struct block *next, uint64_t seed)
{
	size_t bytes = (16 + next_random(random) % 497) & ~(size_t)7;
	struct block *block = need(malloc(bytes));

	block->next = next;
	block->bytes = bytes;
	fill_pattern(block + 1, bytes - sizeof(*block), seed);
	return block;
}

int main(int count, char **arguments)
{
	size_t limit = (size_t)(count > 1 ? atoi(arguments[1]) : 200) * MEGABYTE, bytes = 0;
	struct block *kept = NULL, *freed = NULL, *next;
	uint64_t random = 1;

	while (bytes < limit) {
		kept = new_block(&random, kept, 1);
		freed = new_block(&random, freed, 1);
		bytes += kept->bytes + freed->bytes;
	}
	for (; freed; freed = next) {
		next = freed->next;
		check_pattern(freed + 1, freed->bytes - sizeof(*freed), 1);
		free(freed);
	}
	for (bytes = 0; bytes < limit / 2;) {
		freed = new_block(&random, freed, 2);
		bytes += freed->bytes;
	}
	heap_share_check();
	for (; kept; kept = next) {
		next = kept->next;
		check_pattern(kept + 1, kept->bytes - sizeof(*kept), 1);
		free(kept);
	}
	for (; freed; freed = next) {
		next = freed->next;
		check_pattern(freed + 1, freed->bytes - sizeof(*freed), 2);
		free(freed);
	}
	return 0;
}
