/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the heap program share: blocks filled with a pattern, the share of them that
 * is on huge pages, and the end of a test that failed.
 *
 * The program knows nothing of our library: it does what programs do with their heap and looks at
 * the result through /proc/self/smaps.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEGABYTE ((size_t)1 << 20)

/* Prints the line to stderr and ends the process with status 2: wrong data, or a refused call. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* blocks.c: a list of malloced blocks, each full of words that follow from its seed. */
struct block;

struct blocks {
	struct block *first;
	size_t bytes; /* of all blocks, without malloc's own */
	uint64_t random;
};

/* Adds blocks of sizes between smallest and largest until bytes are there; two of three by
 * malloc, one by calloc, whose memory must be zero. */
void blocks_add(struct blocks *blocks, size_t bytes, size_t smallest, size_t largest);

/* Frees every third block, reallocs every seventh, and fills the room again by calloc. */
void blocks_churn(struct blocks *blocks);

/* Reads every word and fails at the first that is not what was written. */
void blocks_verify(const struct blocks *blocks);

/* Writes every word again, from a seed that depends on salt. */
void blocks_rewrite(struct blocks *blocks, uint64_t salt);
void blocks_free(struct blocks *blocks);

/* The pattern for memory that is no block. */
void pattern_write(void *memory, size_t bytes, uint64_t seed);
void pattern_verify(const void *memory, size_t bytes, uint64_t seed, const char *what);
void zeroes_verify(const void *memory, size_t bytes, const char *what);

/* share.c: which part of the memory around our blocks is on huge pages. */
struct share {
	size_t heap_bytes; /* resident, of all mappings that hold a block */
	size_t hugetlb_bytes;
	size_t thp_bytes;
};

/* Reads /proc/self/smaps. One thread at a time. */
void share_read(void);

/* Says that the heap is (also) here. */
void share_mark(const void *address, size_t bytes);
void share_mark_blocks(const struct blocks *blocks);

/* What is on huge pages of either kind in all mappings, marked or not. */
size_t share_huge_bytes(void);

/* The sum over the marked mappings, as they were at share_read(). */
struct share share_sum(void);

/* scenarios.c: asserts the share that the command line asked for, and tells it on stdout. */
void share_check(const char *when);

/*
 * partial_page.c: uses single small pages of a heap of that size. Where a refusal is allowed, a
 * call may fail with ENOMEM, and then nothing may have changed.
 */
void partial_page_run(size_t bytes, bool refusal_allowed);

#endif
