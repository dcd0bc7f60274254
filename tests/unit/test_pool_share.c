/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_LIMIT: what the process may take of a pool, and the share that is chosen where nobody
 * gave one.
 */
#include <string.h>
#include <time.h>

#include "base/sys.h"
#include "gate.h"
#include "pages/source.h"
#include "region/pool_share.h"
#include "region/registry.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)

/* The share of a pool of which nobody has a page yet. */
static unsigned long of_unused(unsigned long total, unsigned long peers)
{
	const struct pool_share known = {.obtainable = total, .peers = peers};

	return pool_share_choose(&known);
}

static void alone_it_is_nearly_all_that_is_free(void **state)
{
	const struct pool_share beside_sleepers = {
		.obtainable = 220, .held = 100, .others = 704, .peers = 1};
	const struct pool_share nearly_used_up = {.obtainable = 8, .others = 1016, .peers = 1};

	(void)state;
	assert_int_equal(of_unused(1024, 1), 992);
	assert_int_equal(of_unused(1024, 0), 992);
	assert_int_equal(of_unused(0, 1), 0);
	assert_int_equal(pool_share_choose(&beside_sleepers), 320 - 10);
	assert_int_equal(pool_share_choose(&nearly_used_up), 8);
}

static void many_get_equal_parts(void **state)
{
	(void)state;
	assert_int_equal(of_unused(1024, 2), 512);
	assert_int_equal(of_unused(1024, 16), 64);
	/* rounded up: otherwise a part of a small pool is left over for those that come last */
	assert_int_equal(of_unused(160, 64), 3);
	assert_int_equal(of_unused(8, 64), 1);
}

/* Of `processes` that run, this one and the others have `held` pages each. */
static unsigned long while_growing(unsigned long total, unsigned long processes, unsigned long held)
{
	const struct pool_share known = {.obtainable = total - held * processes,
					 .held = held,
					 .others = held * (processes - 1),
					 .peers = processes};

	return pool_share_choose(&known);
}

static void the_part_stays_the_same_while_all_grow(void **state)
{
	(void)state;
	for (unsigned long held = 0; held <= 64; held++)
		assert_int_equal(while_growing(1024, 16, held), 64);
	for (unsigned long held = 0; held <= 128; held++)
		assert_int_equal(while_growing(256, 2, held), 128);
}

/* Half of the pool belongs to a process that sleeps: two that run share the other half. */
static void what_sleepers_have_is_not_shared_out(void **state)
{
	struct pool_share known = {.peers = 2};

	(void)state;
	for (known.held = 1; known.held < 256; known.held++) {
		known.obtainable = 512 - 2 * known.held;
		known.others = 512 + known.held;
		assert_int_equal(pool_share_choose(&known), 256);
	}
}

static unsigned long counted(const char *loadavg)
{
	gate_reset();
	gate_hide_system();
	gate_file("/proc/loadavg", loadavg);
	return pool_share_count_peers();
}

static void many_are_remembered_for_a_second(void **state)
{
	const struct timespec longer = {.tv_sec = 1, .tv_nsec = 100000000};

	(void)state;
	assert_int_equal(counted("0.20 0.18 0.12 3/80 11206\n"), 3);
	assert_int_equal(counted("0.20 0.18 0.12 1/80 11206\n"), 1);
	assert_int_equal(counted("0.20 0.18 0.12 16/80 11206\n"), 14);
	assert_int_equal(counted("0.20 0.18 0.12 4/80 11206\n"), 14);
	assert_int_equal(counted("0.20 0.18 0.12 24/80 11206\n"), 21);
	nanosleep(&longer, NULL);
	assert_int_equal(counted("0.20 0.18 0.12 2/80 11206\n"), 2);
	gate_reset();
}

static void without_proc_nobody_else_runs(void **state)
{
	(void)state;
	gate_reset();
	gate_hide_system();
	assert_int_equal(pool_share_count_peers(), 1);
	gate_reset();
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
		cmocka_unit_test(alone_it_is_nearly_all_that_is_free),
		cmocka_unit_test(many_get_equal_parts),
		cmocka_unit_test(the_part_stays_the_same_while_all_grow),
		cmocka_unit_test(what_sleepers_have_is_not_shared_out),
		cmocka_unit_test(many_are_remembered_for_a_second),
		cmocka_unit_test(without_proc_nobody_else_runs),
		cmocka_unit_test(a_size_holds_for_all_regions),
	};

	return cmocka_run_group_tests_name("pool_share", tests, NULL, NULL);
}
