/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs all of a big text, says which version of it it found, and, with an argument, waits for a
 * byte from standard input before it does so again.
 */
#include "big_text.h"

int main(int count, char **arguments)
{
	char byte;

	(void)arguments;
	check_big_text(VERSION);
	printf("version %d\n", VERSION);
	fflush(stdout);
	if (count > 1) {
		CHECK(read(0, &byte, 1) == 1, "%m");
		check_big_text(VERSION);
		printf("still version %d\n", VERSION);
	}
	return 0;
}
