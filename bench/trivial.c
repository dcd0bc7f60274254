/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that does nothing: what is measured is its start. With an argument it mallocs once, and
 * so touches the first page of its heap; with "page" it has a huge page of its own besides, by the
 * kernel's own call.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Of the machine's default size, if that is not larger. */
#define PAGE_BYTES ((size_t)2 << 20)

static int take_page(void)
{
	char *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (page == MAP_FAILED)
		return 1;
	*(volatile char *)page = 1;
	return 0;
}

int main(int count, char **arguments)
{
	char *volatile block;

	if (count > 1 && !strcmp(arguments[1], "page") && take_page())
		return 1;
	if (count > 1) {
		block = malloc(100);
		if (!block)
			return 1;
		*block = 1;
		free(block);
	}
	return 0;
}
