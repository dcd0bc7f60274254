/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of malloc with a content that can be checked. The list runs through the blocks
 * themselves, so that all memory of the program's that grows is heap.
 */
#include "heap.h"

#include <stdlib.h>

struct block {
	struct block *next;
	size_t bytes; /* all of it, this head included */
	uint64_t seed;
	uint64_t words[];
};

static uint64_t word_at(uint64_t seed, size_t index)
{
	return (seed ^ index) * 0x9e3779b97f4a7c15;
}

void pattern_write(void *memory, size_t bytes, uint64_t seed)
{
	uint64_t *words = memory;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = word_at(seed, i);
}

void pattern_verify(const void *memory, size_t bytes, uint64_t seed, const char *what)
{
	const uint64_t *words = memory;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		if (words[i] != word_at(seed, i))
			fail("%s: %zu bytes at %p are changed at offset %zu", what, bytes, memory,
			     i * sizeof(*words));
}

void zeroes_verify(const void *memory, size_t bytes, const char *what)
{
	const unsigned char *byte = memory;

	for (size_t i = 0; i < bytes; i++)
		if (byte[i])
			fail("%s: %zu bytes at %p are not zero at offset %zu", what, bytes, memory,
			     i);
}

static uint64_t blocks_random(struct blocks *blocks)
{
	blocks->random = blocks->random * 6364136223846793005 + 1442695040888963407;
	return blocks->random >> 33;
}

static void block_fill(struct block *block, uint64_t seed)
{
	block->seed = seed;
	pattern_write(block->words, block->bytes - sizeof(*block), seed);
}

static void block_verify(const struct block *block, const char *what)
{
	pattern_verify(block->words, block->bytes - sizeof(*block), block->seed, what);
}

static void blocks_push(struct blocks *blocks, size_t bytes, int zeroed)
{
	struct block *block = zeroed ? calloc(1, bytes) : malloc(bytes);

	if (!block)
		fail("no memory for a block of %zu bytes", bytes);
	if (zeroed)
		zeroes_verify(block, bytes, "calloc");
	block->bytes = bytes;
	block_fill(block, blocks_random(blocks));
	block->next = blocks->first;
	blocks->first = block;
	blocks->bytes += bytes;
}

void blocks_add(struct blocks *blocks, size_t bytes, size_t smallest, size_t largest)
{
	size_t wanted = blocks->bytes + bytes;

	if (smallest < sizeof(struct block))
		smallest = sizeof(struct block);
	for (size_t count = 0; blocks->bytes < wanted; count++)
		blocks_push(blocks, smallest + blocks_random(blocks) % (largest - smallest + 1),
			    count % 3 == 0);
}

void blocks_churn(struct blocks *blocks)
{
	struct block **link = &blocks->first;
	size_t freed = 0, largest = 0;

	for (size_t count = 0; *link; count++) {
		struct block *block = *link;

		if (block->bytes > largest)
			largest = block->bytes;
		block_verify(block, "a block before churning");
		if (count % 3 == 1) {
			*link = block->next;
			freed += block->bytes;
			blocks->bytes -= block->bytes;
			free(block);
			continue;
		}
		if (count % 7 == 0) {
			size_t old_bytes = block->bytes, bytes = old_bytes + old_bytes / 2;

			block = realloc(block, bytes);
			if (!block)
				fail("realloc from %zu to %zu bytes gives nothing", old_bytes,
				     bytes);
			block_verify(block, "a block after realloc");
			block->bytes = bytes;
			block_fill(block, block->seed);
			blocks->bytes += bytes - old_bytes;
			*link = block;
		}
		link = &block->next;
	}
	while (freed > largest) {
		blocks_push(blocks, largest, 1);
		freed -= largest;
	}
}

void blocks_verify(const struct blocks *blocks)
{
	for (const struct block *block = blocks->first; block; block = block->next)
		block_verify(block, "a block");
}

void blocks_rewrite(struct blocks *blocks, uint64_t salt)
{
	for (struct block *block = blocks->first; block; block = block->next)
		block_fill(block, block->seed ^ salt);
}

void blocks_free(struct blocks *blocks)
{
	while (blocks->first) {
		struct block *block = blocks->first;

		blocks->first = block->next;
		block_verify(block, "a block before free");
		free(block);
	}
	blocks->bytes = 0;
}

void share_mark_blocks(const struct blocks *blocks)
{
	for (const struct block *block = blocks->first; block; block = block->next)
		share_mark(block, block->bytes);
}
