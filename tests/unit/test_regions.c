/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of regions given out by the public API.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "api/regions.h"
#include "unit.h"

#define COUNT 5000

static uintptr_t address_of(size_t i)
{
	return 0x100000 + i * 0x10000;
}

static void assert_taken(uintptr_t address, uintptr_t start, size_t bytes)
{
	uintptr_t got_start = 0;
	size_t got_bytes = 0;

	assert_int_equal(regions_take(address, &got_start, &got_bytes), 0);
	assert_int_equal(got_start, start);
	assert_int_equal(got_bytes, bytes);
}

static void assert_unknown(uintptr_t address)
{
	uintptr_t start = 7;
	size_t bytes = 8;

	assert_int_equal(regions_take(address, &start, &bytes), -EINVAL);
	assert_int_equal(start, 7);
	assert_int_equal(bytes, 8);
}

static void knows_what_was_added(void **state)
{
	(void)state;
	assert_unknown(0x5000);
	assert_int_equal(regions_add(0x5100, 0x5000, 0x1000), 0);
	assert_unknown(0x5000);
	assert_taken(0x5100, 0x5000, 0x1000);
	assert_unknown(0x5100);
}

static void never_knows_its_own_marks(void **state)
{
	(void)state;
	assert_unknown(0);
	assert_unknown(1);
}

static void holds_many_in_any_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(regions_add(address_of(i) + i, address_of(i), 0x8000), 0);
	for (size_t i = 0; i < COUNT; i++) {
		size_t at = i * 7 % COUNT;

		assert_taken(address_of(at) + at, address_of(at), 0x8000);
	}
	for (size_t i = 0; i < COUNT; i++)
		assert_unknown(address_of(i) + i);
}

/* Freed slots are used again: no more memory is taken. */
static void takes_no_more_than_it_needs(void **state)
{
	unsigned long before;

	(void)state;
	assert_int_equal(regions_add(0x5000, 0x5000, 0x1000), 0);
	before = gate_calls(SYS_mmap);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(regions_add(0x9000, 0x9000, 0x1000), 0);
		assert_taken(0x9000, 0x9000, 0x1000);
	}
	assert_int_equal(gate_calls(SYS_mmap), before);
	assert_taken(0x5000, 0x5000, 0x1000);
}

static void what_overlaps_is_stale(void **state)
{
	(void)state;
	assert_int_equal(regions_add(0x10000, 0x10000, 0x4000), 0);
	assert_int_equal(regions_add(0x20000, 0x20000, 0x4000), 0);
	assert_int_equal(regions_add(0x13000, 0x13000, 0x1000), 0);
	assert_unknown(0x10000);
	assert_taken(0x20000, 0x20000, 0x4000);
	/* a neighbour is none */
	assert_int_equal(regions_add(0x14000, 0x14000, 0x1000), 0);
	assert_taken(0x13000, 0x13000, 0x1000);
	assert_taken(0x14000, 0x14000, 0x1000);
	/* the same place again */
	assert_int_equal(regions_add(0x10000, 0x10000, 0x4000), 0);
	assert_int_equal(regions_add(0x10000, 0x10000, 0x1000), 0);
	assert_taken(0x10000, 0x10000, 0x1000);
	assert_unknown(0x10000);
}

static void no_memory_for_the_table(void **state)
{
	size_t added = 0;

	(void)state;
	gate_fail_always(SYS_mmap, ENOMEM);
	while (!regions_add(address_of(added), address_of(added), 0x1000) && added <= 2 * COUNT)
		added++;
	assert_uint_in_range(added, 1, 2 * COUNT);
	assert_unknown(address_of(added));
	for (size_t i = 0; i < added; i++)
		assert_taken(address_of(i), address_of(i), 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(knows_what_was_added),    UNIT_TEST(never_knows_its_own_marks),
		UNIT_TEST(holds_many_in_any_order), UNIT_TEST(takes_no_more_than_it_needs),
		UNIT_TEST(what_overlaps_is_stale),  UNIT_TEST(no_memory_for_the_table),
	};

	return cmocka_run_group_tests_name("regions", tests, NULL, NULL);
}
