/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* malloc_trim returns memory and reports it, and used memory keeps its content. */
#include <malloc.h>
#include "heap_share.h"

int main(void)
{
	static void *block[2000];
	size_t bytes = 40 * 1024;

	for (int i = 0; i < 2000; i++) {
		block[i] = need(malloc(bytes));
		fill_pattern(block[i], bytes, 9);
	}
	heap_share_check();
	for (int i = 0; i < 2000; i++)
		if (i % 100)
			free(block[i]);
	printf("trimmed: %d\n", malloc_trim(0));
	for (int i = 0; i < 2000; i += 100)
		check_pattern(block[i], bytes, 9);
	for (int i = 0; i < 2000; i++)
		if (i % 100) {
			block[i] = need(malloc(bytes));
			fill_pattern(block[i], bytes, 10);
		}
	for (int i = 0; i < 2000; i++) {
		check_pattern(block[i], bytes, i % 100 ? 10 : 9);
		free(block[i]);
	}
	malloc_trim(0);
	malloc_trim(4 * MEGABYTE);
	free(need(malloc(MEGABYTE)));
	return 0;
}
