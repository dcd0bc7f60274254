/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs of free base pages in a unit agree with a plain list of pages.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "region/bit_runs.h"
#include "unit.h"

static bool is_run(const bool *is_free, size_t pages, size_t first, size_t count)
{
	for (size_t page = first; page < first + count; page++)
		if (page >= pages || !is_free[page])
			return false;
	return true;
}

static size_t first_run(const bool *is_free, size_t pages, size_t count, size_t step)
{
	for (size_t first = 0; first < pages; first += step)
		if (is_run(is_free, pages, first, count))
			return first;
	return SIZE_MAX;
}

/* One page in this many is taken, on average. */
static void compare(size_t words, unsigned int taken_in)
{
	const size_t pages = words * 64;
	bool is_free[UNIT_WORDS_MAX * 64];
	uint64_t bits[UNIT_WORDS_MAX] = {0};

	for (size_t page = 0; page < pages; page++) {
		is_free[page] = random() % taken_in != 0;
		bits[page / 64] |= (uint64_t)is_free[page] << page % 64;
	}
	for (size_t count = 1; count <= pages; count += 1 + count / 7)
		for (size_t step = 1; step <= pages; step *= 2) {
			uint64_t runs[UNIT_WORDS_MAX];

			memcpy(runs, bits, sizeof(runs));
			assert_int_equal(bit_runs_find(runs, words, count, step),
					 first_run(is_free, pages, count, step));
			for (size_t page = 0; page < pages; page++)
				assert_int_equal(runs[page / 64] >> page % 64 & 1,
						 is_run(is_free, pages, page, count));
		}
}

static void the_first_at_a_multiple(void **state)
{
	(void)state;
	srandom(7);
	for (size_t words = 1; words <= UNIT_WORDS_MAX; words++) {
		for (unsigned int taken_in = 1; taken_in < 40; taken_in += 3)
			compare(words, taken_in);
		compare(words, RAND_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_at_a_multiple)};

	return cmocka_run_group_tests_name("unit runs", tests, NULL, NULL);
}
