/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* With HUGETLB_MORECORE_SHRINK=yes the pool has its pages again after free and malloc_trim. */
#include <malloc.h>
#include "heap_share.h"
#include "pool.h"

int main(void)
{
	long before = pool_free_pages(), peak, after, shared = 0;
	static void *block[4000];
	char *text;

	for (int i = 0; i < 4000; i++) {
		block[i] = need(malloc(50000));
		memset(block[i], 0xff, 50000);
	}
	peak = pool_free_pages();
	for (int i = 0; i < 4000; i++)
		free(block[i]);
	malloc_trim(0);
	after = pool_free_pages();
	if (getenv("EXPECT_HUGETLB")) {
		shared = before - peak;
		CHECK(shared >= 90, "only %ld pages were taken", shared);
		CHECK(after - peak >= shared * 9 / 10, "of %ld pages %ld came back", shared,
		      after - peak);
	}
	/* and what grows again is zero */
	text = need(calloc(1, 100000));
	check_zero(text, 100000);
	free(text);
	for (int i = 0; i < 1000; i++) {
		block[i] = need(calloc(1, 50000));
		check_zero(block[i], 50000);
	}
	return 0;
}
