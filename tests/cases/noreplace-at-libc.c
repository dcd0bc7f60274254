/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mmap with MAP_FIXED_NOREPLACE over libc's text fails with an error, and the heap keeps growing
 * on huge pages.
 */
#include "heap_share.h"

int main(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *text = (char *)((uintptr_t)sbrk & ~(page - 1));
	static char *block[500];

	CHECK(mmap(text, page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED,
	      "libc's text is gone");
	CHECK(errno == EEXIST, "errno %d", errno);
	for (int i = 0; i < 500; i++) {
		block[i] = need(malloc(100000));
		fill_pattern(block[i], 100000, (unsigned int)i);
	}
	heap_share_check();
	for (int i = 0; i < 500; i++)
		check_pattern(block[i], 100000, (unsigned int)i);
	return 0;
}
