/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calloc returns zeroes in memory that was written to and freed: after the break was trimmed and
 * grew again, after a thread's heap shrank, and in blocks that are mappings of their own.
 */
#include <malloc.h>
#include "heap_share.h"

static void small_blocks(void)
{
	size_t bytes = 100 * 1024, count = 300;
	void *block[300];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < count; i++) {
			block[i] = need(calloc(1, bytes));
			check_zero(block[i], bytes);
			memset(block[i], 0xa5, bytes);
		}
		heap_share_check();
		for (size_t i = count; i-- > 0;)
			free(block[i]);
		malloc_trim(0);
	}
}

static void *run(void *unused)
{
	(void)unused;
	small_blocks();
	for (int round = 0; round < 3; round++) {
		size_t bytes = 70 * MEGABYTE + 4097 * (size_t)round;
		char *block = need(calloc(bytes, 1));

		check_zero(block, bytes);
		memset(block, 0x5a, bytes);
		/* the rest of the last page must not come back either */
		block = need(realloc(block, bytes / 3));
		free(block);
	}
	return NULL;
}

int main(void)
{
	run(NULL);
	pthread_join(start_thread(run, NULL), NULL);
	run(NULL);
	return 0;
}
