/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon allocates, gives up root, starts a thread, and protects parts of its heap: under
 * HUGETLB_EXACT=strict that works, as its memory has left hugetlb pages when it lost the means.
 */
#include <sys/mman.h>
#include "heap_share.h"

#define HUGE  (2 * MEGABYTE)
#define PAGES 16

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	char *block, *page, *more;

	if (getuid() != 0)
		SKIP("needs root");
	block = need(malloc((PAGES + 2) * HUGE));
	page = block + (-(uintptr_t)block & (HUGE - 1));
	fill_pattern(page, PAGES * HUGE, 1);
	CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0, "%m");
	more = need(malloc(HUGE));
	fill_pattern(more, HUGE, 2);
	start_thread(idle, NULL);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(mprotect(page + i * HUGE + 4096, 4096, PROT_READ) == 0, "page %zu: %m", i);
	check_pattern(page, PAGES * HUGE, 1);
	check_pattern(more, HUGE, 2);
	puts("ok");
	return 0;
}
