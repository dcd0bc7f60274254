/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts with the pool empty; a line on stdin says that it has grown. With EXPECT_PAGES=n at least
 * n huge pages are in use afterwards.
 */
#include "heap_share.h"

static void grow(size_t megabytes)
{
	for (size_t i = 0; i < megabytes * 16; i++)
		fill_pattern(need(malloc(65536)), 65536, 1);
}

int main(void)
{
	const char *pages = getenv("EXPECT_PAGES");
	struct heap_share share;
	char line[16];

	grow(50);
	puts("small");
	fflush(stdout);
	CHECK(fgets(line, sizeof(line), stdin), "no line on stdin");
	grow(300);
	share = heap_share_of("/proc/self/smaps");
	if (pages)
		CHECK(share.hugetlb_kb >= 2048UL * strtoul(pages, NULL, 10),
		      "%lu kB of %lu are on hugetlb pages", share.hugetlb_kb, share.total_kb);
	puts("done");
	return 0;
}
