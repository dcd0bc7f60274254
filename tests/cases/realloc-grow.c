/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * realloc grows a block from 1M to 256M by steps, in the main thread or ("thread") in another one.
 */
#include "heap_share.h"

static void *run(void *unused)
{
	size_t bytes = MEGABYTE, more;
	char *block = need(malloc(bytes));

	(void)unused;
	fill_offsets(block, 0, bytes);
	for (; bytes < 256 * MEGABYTE; bytes = more) {
		more = bytes + bytes / 8 + 24 * 1024;
		if (more > 256 * MEGABYTE)
			more = 256 * MEGABYTE;
		block = need(realloc(block, more));
		check_offsets(block, 4096);
		fill_offsets(block, bytes, more);
	}
	check_offsets(block, bytes);
	heap_share_check();
	/* and back */
	block = need(realloc(block, 3 * MEGABYTE));
	check_offsets(block, 3 * MEGABYTE);
	free(block);
	return NULL;
}

int main(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "thread"))
		pthread_join(start_thread(run, NULL), NULL);
	else
		run(NULL);
	return 0;
}
