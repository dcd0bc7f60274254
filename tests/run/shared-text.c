/*
 * Runs all of a big text, says which version of it it found, and, with an argument, waits for the
 * end of standard input before it does so again.
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
		while (read(0, &byte, 1) > 0)
			;
		check_big_text(VERSION);
		printf("still version %d\n", VERSION);
	}
	return 0;
}
