/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HUGETLB_MMAP=auto: which mappings are scanned, and how much time that may take.
 */
#include <sys/mman.h>

#include "mmap/density.h"
#include "unit.h"

#define MIB         ((size_t)1 << 20)
#define READ_WRITE  (PROT_READ | PROT_WRITE)
#define PLAIN       (MAP_PRIVATE | MAP_ANONYMOUS)
#define MILLISECOND 1000000ull

static void which_mappings(void **state)
{
	(void)state;
	assert_true(density_is_candidate(4 * MIB, READ_WRITE, PLAIN));
	assert_true(density_is_candidate(4 * MIB, READ_WRITE, PLAIN | MAP_FIXED | MAP_NORESERVE));
	assert_false(density_is_candidate(4 * MIB - 1, READ_WRITE, PLAIN));
	assert_false(density_is_candidate(64 * MIB, PROT_NONE, PLAIN | MAP_NORESERVE));
	assert_false(density_is_candidate(64 * MIB, PROT_READ, PLAIN));
	assert_false(density_is_candidate(64 * MIB, READ_WRITE | PROT_EXEC, PLAIN));
	assert_false(density_is_candidate(64 * MIB, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS));
	assert_false(density_is_candidate(64 * MIB, READ_WRITE, MAP_PRIVATE));
	assert_false(density_is_candidate(8 * MIB, READ_WRITE, PLAIN | MAP_STACK));
	assert_false(density_is_candidate(8 * MIB, READ_WRITE, PLAIN | MAP_GROWSDOWN));
	assert_false(density_is_candidate(8 * MIB, READ_WRITE, PLAIN | MAP_HUGETLB));
	assert_false(density_is_candidate(8 * MIB, READ_WRITE, PLAIN | MAP_LOCKED));
}

static void a_hundredth_of_the_time(void **state)
{
	(void)state;
	assert_int_equal(density_units(0, 0), 0);
	for (uint64_t cpu = MILLISECOND; cpu < 2000 * MILLISECOND; cpu += MILLISECOND) {
		/* a unit takes 0.2 ms */
		uint64_t spent = density_units(cpu, MILLISECOND) * MILLISECOND / 5;

		assert_true(!spent || spent + MILLISECOND <= cpu / 100);
	}
	assert_int_equal(density_units(100 * MILLISECOND, 0), 5);
	assert_int_equal(density_units(100 * MILLISECOND, MILLISECOND), 0);
	/* a program that has run for long is not stopped for long */
	assert_int_equal(density_units(UINT64_MAX, 0), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_mappings),
		cmocka_unit_test(a_hundredth_of_the_time),
	};

	return cmocka_run_group_tests_name("density", tests, NULL, NULL);
}
