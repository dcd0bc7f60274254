/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first free run that is long enough is found, in agreement with a plain list of slots,
 * whatever was taken and released before.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "region/free_runs.h"
#include "unit.h"

#define SLOTS_MAX 300

static size_t first_run(const bool *taken, size_t slots, size_t count)
{
	size_t run = 0;

	for (size_t slot = 0; slot < slots; slot++) {
		run = taken[slot] ? 0 : run + 1;
		if (run == count)
			return slot + 1 - count;
	}
	return SIZE_MAX;
}

static void compare(size_t slots, unsigned int seed)
{
	bool taken[SLOTS_MAX] = {false};
	void *memory = calloc(1, free_runs_bytes(slots));
	struct free_runs runs;

	assert_non_null(memory);
	free_runs_begin(&runs, slots, memory);
	srandom(seed);
	for (int step = 0; step < 3000; step++) {
		size_t from = (size_t)random() % slots;
		size_t to = from + (size_t)random() % (slots - from + 1);
		bool take = random() & 1;

		/* usually short ones: otherwise all is taken or free most of the time */
		if (random() % 4 && to > from + 3)
			to = from + 3;
		for (size_t slot = from; slot < to; slot++)
			taken[slot] = take;
		(take ? free_runs_take : free_runs_release)(&runs, from, to);
		for (size_t count = 1; count <= slots; count += 1 + count / 8)
			assert_int_equal(free_runs_find(&runs, count),
					 first_run(taken, slots, count));
	}
	free_runs_release(&runs, 0, slots);
	assert_int_equal(free_runs_find(&runs, slots), 0);
	assert_int_equal(free_runs_find(&runs, slots + 1), SIZE_MAX);
	free(memory);
}

/* What was taken stays taken, and what comes is free: as if all had been there from the start. */
static void extend(size_t slots, size_t more)
{
	void *memory = calloc(1, free_runs_bytes(slots)), *grown = calloc(1, free_runs_bytes(more));
	bool taken[SLOTS_MAX] = {false};
	struct free_runs before, runs;

	assert_non_null(memory);
	assert_non_null(grown);
	free_runs_begin(&before, slots, memory);
	for (size_t slot = 0; slot < slots; slot++)
		if (random() % 3) {
			taken[slot] = true;
			free_runs_take(&before, slot, slot + 1);
		}
	free_runs_extend(&runs, more, grown, &before);
	free(memory);
	for (size_t count = 1; count <= more; count++)
		assert_int_equal(free_runs_find(&runs, count), first_run(taken, more, count));
	free_runs_take(&runs, more - 1, more);
	taken[more - 1] = true;
	for (size_t count = 1; count <= more; count++)
		assert_int_equal(free_runs_find(&runs, count), first_run(taken, more, count));
	free(grown);
}

static void more_slots(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 31, 32, 33, 64, 65, 127, 128, 200, SLOTS_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		for (size_t j = i; j < COUNT_OF(sizes); j++)
			extend(sizes[i], sizes[j]);
}

static void the_first_long_enough(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 31, 32, 33, 64, 127, 200, SLOTS_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		compare(sizes[i], (unsigned int)i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_long_enough),
					   cmocka_unit_test(more_slots)};

	return cmocka_run_group_tests_name("free runs", tests, NULL, NULL);
}
