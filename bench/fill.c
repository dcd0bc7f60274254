/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fill <megabytes>: fills so much memory by malloc of small blocks, writes all of it, and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_BYTES = 1000,
};

int main(int argc, char **argv)
{
	long blocks = argc > 1 ? atol(argv[1]) * (1 << 20) / BLOCK_BYTES : 0;

	if (blocks < 1) {
		fputs("usage: fill <megabytes>\n", stderr);
		return 2;
	}
	for (long block = 0; block < blocks; block++) {
		char *memory = malloc(BLOCK_BYTES);

		if (!memory)
			return 1;
		memset(memory, 1, BLOCK_BYTES);
	}
	return 0;
}
