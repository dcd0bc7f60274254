/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the programs in this directory: each shows one behaviour, exits with 0 when it is as it
 * should be, and prints nothing that differs between two good runs. What fails is said on stderr.
 */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

#define CHECK(condition, ...)                                                           \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                   \
			fprintf(stderr, "\n");                                          \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

#define SKIP(...)                    \
	do {                         \
		printf(__VA_ARGS__); \
		printf("\n");        \
		exit(77);            \
	} while (0)

/* A generator that is the same everywhere, one state a thread. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* The word that belongs at an address, so that memory which moved or got lost shows itself. */
static inline uint64_t pattern_at(const uint64_t *address, uint64_t seed)
{
	return ((uint64_t)(uintptr_t)address ^ seed) * 0x9e3779b97f4a7c15u;
}

static inline void fill_pattern(void *block, size_t bytes, uint64_t seed)
{
	uint64_t *word = block;

	for (size_t i = 0; i < bytes / sizeof(*word); i++)
		word[i] = pattern_at(&word[i], seed);
}

static inline void check_pattern(const void *block, size_t bytes, uint64_t seed)
{
	const uint64_t *word = block;

	for (size_t i = 0; i < bytes / sizeof(*word); i++)
		CHECK(word[i] == pattern_at(&word[i], seed), "word %zu of %zu bytes at %p changed",
		      i, bytes, block);
}

/* As the pattern, but of the offset: for blocks that realloc moves. */
static inline void fill_offsets(void *block, size_t from, size_t to)
{
	for (size_t i = from / 8; i < to / 8; i++)
		((uint64_t *)block)[i] = i * 0x9e3779b97f4a7c15u;
}

static inline void check_offsets(const void *block, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		CHECK(((const uint64_t *)block)[i] == i * 0x9e3779b97f4a7c15u,
		      "word %zu of %zu bytes changed", i, bytes);
}

static inline void check_zero(const void *block, size_t bytes)
{
	const unsigned char *byte = block;

	for (size_t i = 0; i < bytes; i++)
		CHECK(byte[i] == 0, "byte %zu of %zu is %d", i, bytes, byte[i]);
}

static inline void *need(void *block)
{
	CHECK(block != NULL, "no memory");
	return block;
}

#endif
