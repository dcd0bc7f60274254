/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory is free in blocks of a huge page, by the text of /proc/buddyinfo.
 */
#include "pages/buddy.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)

static const char text[] = "Node 0, zone      DMA      0      0      0      0      0      0      0 "
			   "     0      1      1 "
			   "     3 \n"
			   "Node 0, zone    DMA32    663    407    212    131     68     38     18 "
			   "    18     21     17 "
			   "   471 \n"
			   "Node 1, zone   Normal   2595  21909  21851   6731   2052   1645   1152 "
			   "   521    272      0 "
			   "     0 \n";

static void counts_of_large_blocks(void **state)
{
	(void)state;
	assert_int_equal(buddy_free_bytes(text, 2 * MIB, 4096),
			 (1 + 17) * 2 * MIB + (3 + 471) * 4 * MIB);
	assert_int_equal(buddy_free_bytes(text, 4 * MIB, 4096), (3 + 471) * 4 * MIB);
	assert_int_equal(buddy_free_bytes(text, 8 * MIB, 4096), 0);
}

static void odd_texts(void **state)
{
	(void)state;
	assert_int_equal(buddy_free_bytes("", 2 * MIB, 4096), 0);
	assert_int_equal(buddy_free_bytes("Node 0, zone", 2 * MIB, 4096), 0);
	assert_int_equal(buddy_free_bytes("Node 0, zone Normal", 2 * MIB, 4096), 0);
	assert_int_equal(buddy_free_bytes("Node 0, zone Normal 1 2 3\n", 4096, 4096),
			 (1 + 4 + 12) * 4096);
	/* cut in the middle of a line */
	assert_int_equal(buddy_free_bytes("Node 0, zone Normal 1 2\nNode 1, zo", 4096, 4096),
			 (1 + 4) * 4096);
}

static void this_machine(void **state)
{
	(void)state;
	assert_true(buddy_has(0, 2 * MIB, 4096));
	assert_false(buddy_has((size_t)1 << 50, 2 * MIB, 4096));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_of_large_blocks),
		cmocka_unit_test(odd_texts),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests_name("buddy", tests, NULL, NULL);
}
