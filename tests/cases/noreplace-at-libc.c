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

	CHECK(mmap(text, page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED,
	      "libc's text is gone");
	CHECK(errno == EEXIST, "errno %d", errno);
	heap_share_check_growth();
	return 0;
}
