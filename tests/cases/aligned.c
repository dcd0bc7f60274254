/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memalign, posix_memalign, aligned_alloc, valloc and pvalloc give aligned, usable memory that can
 * be freed.
 */
#include <malloc.h>
#include "heap_share.h"

static void check_block(void *block, size_t alignment, size_t bytes)
{
	need(block);
	CHECK((uintptr_t)block % alignment == 0, "%p is not a multiple of %zu", block, alignment);
	CHECK(malloc_usable_size(block) >= bytes, "%zu bytes", malloc_usable_size(block));
	fill_pattern(block, bytes, 3);
}

static void *run(void *unused)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 1;
	void *block[6];

	(void)unused;
	for (size_t alignment = 16; alignment <= 8 * MEGABYTE; alignment *= 2) {
		bytes = bytes * 2 + 5;
		check_block(block[0] = memalign(alignment, bytes), alignment, bytes);
		CHECK(posix_memalign(&block[1], alignment, bytes) == 0, "%zu", alignment);
		check_block(block[1], alignment, bytes);
		check_block(block[2] = aligned_alloc(alignment, alignment), alignment, alignment);
		check_block(block[3] = valloc(bytes), page, bytes);
		check_block(block[4] = pvalloc(bytes), page, bytes);
		check_block(block[5] = malloc(bytes), 16, bytes);
		check_pattern(block[0], bytes, 3);
		check_pattern(block[1], bytes, 3);
		check_pattern(block[2], alignment, 3);
		check_pattern(block[3], bytes, 3);
		check_pattern(block[4], bytes, 3);
		check_pattern(block[5], bytes, 3);
		for (int i = 0; i < 6; i++)
			free(block[i]);
	}
	CHECK(posix_memalign(&block[0], 3, 100) == EINVAL, "an alignment of 3");
	return NULL;
}

int main(void)
{
	run(NULL);
	pthread_join(start_thread(run, NULL), NULL);
	return 0;
}
