/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * malloc and sbrk can be used in turn. After each sbrk malloc continues above the new break and
 * frees the rest of the old top, which must not cost it the memory it has just got.
 */
#include "test.h"

int main(void)
{
	for (size_t megabytes = 1; megabytes < 32; megabytes += 3) {
		char *small = need(malloc(1000)), *own = sbrk(4096), *block;

		CHECK(own != (void *)-1, "no break");
		memset(own, 0x55, 4096);
		block = need(malloc(megabytes * MEGABYTE));
		fill_offsets(block, 0, megabytes * MEGABYTE);
		for (int i = 0; i < 4096; i++)
			CHECK(own[i] == 0x55, "byte %d of the program's own changed", i);
		check_offsets(block, megabytes * MEGABYTE);
		free(block);
		free(small);
	}
	return 0;
}
