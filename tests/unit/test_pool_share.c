/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_LIMIT: what the process may take of a pool, and the share that is chosen where nobody
 * gave one.
 */
#include <string.h>

#include "base/sys.h"
#include "pages/source.h"
#include "region/pool_share.h"
#include "region/registry.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)

static void alone_it_is_nearly_all(void **state)
{
	(void)state;
	assert_int_equal(pool_share_choose(1024, 1, 1), 992);
	assert_int_equal(pool_share_choose(1024, 0, 1), 992);
	/* its own threads are no others */
	assert_int_equal(pool_share_choose(1024, 8, 8), 992);
	assert_int_equal(pool_share_choose(1024, 2, 8), 992);
	assert_int_equal(pool_share_choose(0, 1, 1), 0);
}

static void many_get_equal_parts(void **state)
{
	(void)state;
	assert_int_equal(pool_share_choose(1024, 2, 1), 512);
	for (unsigned long running = 16; running < 32; running++)
		assert_int_equal(pool_share_choose(1024, running, 1), 64);
	assert_int_equal(pool_share_choose(1024, 64, 1), 16);
	/* nobody is left without a page */
	assert_int_equal(pool_share_choose(8, 64, 1), 1);
}

static void a_size_holds_for_all_regions(void **state)
{
	const struct source source = {.page_bytes = 2 * MIB, .hugetlb = true};
	struct source of_region = source;
	struct region first, second;

	(void)state;
	pool_share_start(7 * MIB, 0);
	assert_int_equal(source_allowed(&source, 2), 2);
	assert_int_equal(source_allowed(&source, 100), 3);
	/* two pages of it are in use, in two regions */
	assert_int_equal(region_make(&first, 64 * MIB, 72 * MIB, &of_region), 0);
	assert_int_equal(region_make(&second, 96 * MIB, 104 * MIB, &of_region), 0);
	region_adopt_huge(&first, 64 * MIB, 66 * MIB);
	region_adopt_huge(&second, 98 * MIB, 100 * MIB);
	assert_int_equal(registry_add(&first), 0);
	assert_int_equal(registry_add(&second), 0);
	assert_int_equal(source_allowed(&source, 1), 1);
	assert_int_equal(source_allowed(&source, 2), 1);
	region_adopt_huge(&first, 66 * MIB, 68 * MIB);
	assert_int_equal(source_allowed(&source, 1), 0);
	registry_remove(&first);
	assert_int_equal(source_allowed(&source, 9), 2);
	registry_remove(&second);
	source_set_limit(NULL);
	assert_int_equal(source_allowed(&source, 100), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_it_is_nearly_all),
		cmocka_unit_test(many_get_equal_parts),
		cmocka_unit_test(a_size_holds_for_all_regions),
	};

	return cmocka_run_group_tests_name("pool_share", tests, NULL, NULL);
}
