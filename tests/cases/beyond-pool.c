/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A heap of MEGABYTES (1000) that is larger than the pool uses all of the pool, and THP for the
 * rest. EXPECT_POOL_USED=0.95 is the least share of the pool, EXPECT_REST_THP the least share of
 * the rest on transparent huge pages.
 */
#include "heap_share.h"
#include "pool.h"

int main(int count, char **arguments)
{
	size_t total = (size_t)(count > 1 ? atoi(arguments[1]) : 1000) * MEGABYTE;
	const char *used_least = getenv("EXPECT_POOL_USED"),
		   *rest_least = getenv("EXPECT_REST_THP");
	size_t bytes = 64 * 1024, blocks = total / bytes;
	void **block = need(malloc(blocks * sizeof(*block)));
	long before = pool_free_pages(), after;
	struct heap_share share;

	for (size_t i = 0; i < blocks; i++) {
		block[i] = need(malloc(bytes));
		fill_pattern(block[i], bytes, 11);
	}
	after = pool_free_pages();
	share = heap_share_of("/proc/self/smaps");
	if (used_least)
		CHECK((double)(before - after) >= atof(used_least) * (double)before,
		      "of %ld free pages %ld are used", before, before - after);
	if (rest_least)
		CHECK((double)share.thp_kb >=
			      atof(rest_least) * (double)(share.total_kb - share.hugetlb_kb),
		      "total %lu kB, hugetlb %lu kB, THP %lu kB", share.total_kb, share.hugetlb_kb,
		      share.thp_kb);
	for (size_t i = 0; i < blocks; i++) {
		check_pattern(block[i], bytes, 11);
		free(block[i]);
	}
	free(block);
	return 0;
}
