/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MORECORE=auto: which parts of the heap get huge pages, by their size.
 */
#include "heap/policy.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

static void a_huge_page_is_a_small_share(void **state)
{
	static const size_t pages[] = {2 * MIB, 32 * MIB, 512 * MIB};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		size_t main_bytes = 0, block_bytes = 0;

		while (!policy_main_is_huge(main_bytes, pages[i]))
			main_bytes += MIB;
		while (!policy_block_is_huge(block_bytes, pages[i]))
			block_bytes += MIB;
		/* at most a tenth of what is used, and a page is not waited for much longer */
		assert_true(pages[i] <= main_bytes / 10);
		assert_true(pages[i] >= main_bytes / 16);
		assert_true(pages[i] <= block_bytes / 8);
		assert_true(policy_arena_is_huge(main_bytes, pages[i]));
	}
	assert_false(policy_main_is_huge(22 * MIB, 2 * MIB));
	assert_true(policy_main_is_huge(22 * MIB + 1, 2 * MIB));
	assert_false(policy_block_is_huge(16 * MIB, 2 * MIB));
	assert_true(policy_block_is_huge(16 * MIB + 4096, 2 * MIB));
	assert_false(policy_block_is_huge_at_once(128 * MIB, 2 * MIB));
	assert_true(policy_block_is_huge_at_once(128 * MIB + 4096, 2 * MIB));
	assert_false(policy_blocks_are_huge(20 * MIB, 2 * MIB));
	assert_true(policy_blocks_are_huge(20 * MIB + 4096, 2 * MIB));
}

static void base_pages_collapse_when_it_pays(void **state)
{
	(void)state;
	assert_false(policy_main_collapses(44 * MIB, 2 * MIB));
	assert_true(policy_main_collapses(45 * MIB, 2 * MIB));
	/* malloc's arenas have 64M */
	assert_true(policy_arena_collapses(64 * MIB, 2 * MIB));
	assert_false(policy_arena_is_huge(64 * MIB, GIB));
}

static void the_kernels_break_ends_on_a_huge_page(void **state)
{
	(void)state;
	for (uintptr_t start = 0x555000; start < 0x955000; start += 0x1000) {
		uintptr_t end = policy_break_end(start, 2 * MIB);

		assert_int_equal(end % (2 * MIB), 0);
		assert_uint_in_range(end - start, 22 * MIB, 24 * MIB - 4096);
	}
}

static void the_tail_of_a_block(void **state)
{
	(void)state;
	/* whole pages have none; nearly whole ones, and those of large blocks, are huge to the end
	 */
	assert_int_equal(policy_block_tail(20 * MIB, 2 * MIB), 0);
	assert_int_equal(policy_block_tail(20 * MIB + 4096, 2 * MIB), 4096);
	assert_int_equal(policy_block_tail(22 * MIB - 4096, 2 * MIB), 0);
	assert_int_equal(policy_block_tail(64 * MIB + 4096, 2 * MIB), 0);
	for (size_t bytes = 17 * MIB; bytes < 80 * MIB; bytes += 4096) {
		size_t tail = policy_block_tail(bytes, 2 * MIB);
		size_t used = tail ? bytes : (bytes + 2 * MIB - 1) / (2 * MIB) * (2 * MIB);

		assert_true(used - bytes <= bytes / POLICY_WASTE_SHARE);
	}
}

static void little_stays_spare(void **state)
{
	(void)state;
	assert_int_equal(policy_spare(24 * MIB, 2 * MIB), 0);
	assert_int_equal(policy_spare(64 * MIB, 2 * MIB), 4 * MIB);
	assert_int_equal(policy_spare(GIB, 2 * MIB), 64 * MIB);
}

static void dense(void **state)
{
	(void)state;
	assert_true(policy_is_dense(512, 512));
	assert_true(policy_is_dense(480, 512));
	assert_false(policy_is_dense(479, 512));
	assert_false(policy_is_dense(0, 512));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_huge_page_is_a_small_share),
		cmocka_unit_test(base_pages_collapse_when_it_pays),
		cmocka_unit_test(the_kernels_break_ends_on_a_huge_page),
		cmocka_unit_test(the_tail_of_a_block),
		cmocka_unit_test(little_stays_spare),
		cmocka_unit_test(dense),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
