/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that does nothing: what is measured is its start. With an argument it mallocs once, and
 * so touches the first page of its heap.
 */
#include <stdlib.h>

int main(int count, char **arguments)
{
	char *volatile block;

	(void)arguments;
	if (count > 1) {
		block = malloc(100);
		if (!block)
			return 1;
		*block = 1;
		free(block);
	}
	return 0;
}
