/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No two mappings get the same memory, unmapped memory is free again, small mappings share huge
 * pages, also when calls fail.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "fixture.h"
#include "mmap/placement.h"
#include "mmap/space.h"
#include "region/page_state.h"
#include "region/split.h"

#define PAGE  ((size_t)2 * MIB)
#define BASE  4096ul
#define SEED  3
#define BYTES (64 * MIB)

static struct placement place;
static struct source source;

static void begin(void)
{
	gate_reset();
	gate_catch_stderr();
	fixture_pool(PAGE, 0);
	source = fixture_source(PAGE);
	assert_int_equal(placement_start(&place, fixture_start, fixture_start + BYTES, &source), 0);
}

static void end(void)
{
	placement_drop(&place);
	assert_int_equal(munmap((void *)fixture_start, FIXTURE_BYTES), 0);
}

/* As the program's munmap, which does not pass the gate. */
static void unmap(uintptr_t at, size_t bytes)
{
	assert_int_equal(munmap((void *)at, bytes), 0);
	page_state_replaced(&place.region, at, at + bytes);
	placement_unused(&place, at, at + bytes);
}

/* But one huge page, for what comes next. */
static void nothing_is_left(void)
{
	for (size_t i = 0; i < BYTES / PAGE; i++) {
		if (i == place.idle)
			continue;
		assert_int_equal(place.region.units[i], 0);
		for (uintptr_t at = 0; at < PAGE; at += PAGE / 8)
			assert_false(fixture_is_mapped(fixture_start + i * PAGE + at));
	}
}

static void whole_units(void **state)
{
	uintptr_t first, second;

	(void)state;
	begin();
	first = placement_take(&place, 3 * PAGE + BASE, 0);
	second = placement_take(&place, PAGE, 0);
	assert_int_equal(first, fixture_start);
	assert_int_equal(second, fixture_start + 4 * PAGE);
	/* where it is wanted, or not at all */
	assert_int_equal(placement_take(&place, PAGE, fixture_start + 4 * PAGE), 0);
	assert_int_equal(placement_take(&place, PAGE, fixture_start + 5 * PAGE + BASE), 0);
	assert_int_equal(placement_take(&place, PAGE, fixture_start + 31 * PAGE),
			 fixture_start + 31 * PAGE);
	assert_int_equal(placement_take(&place, 2 * PAGE, fixture_start + 31 * PAGE), 0);
	assert_int_equal(placement_take(&place, 27 * PAGE, 0), 0);
	assert_int_equal(placement_take(&place, 26 * PAGE, 0), fixture_start + 5 * PAGE);
	assert_int_equal(placement_take(&place, PAGE, 0), 0);
	/* in parts, in any order: free when the last one is gone */
	placement_unused(&place, first + BASE, first + 3 * PAGE + BASE);
	assert_int_equal(placement_take(&place, 4 * PAGE, 0), 0);
	assert_int_equal(placement_take(&place, 3 * PAGE, 0), first + PAGE);
	placement_unused(&place, first, first + BASE);
	assert_int_equal(placement_take(&place, PAGE, 0), first);
	end();
}

/* Pages of several units: a mapping of a page or more begins on one, a smaller one anywhere. */
static void units_of_big_pages(void **state)
{
	const size_t page = 4 * PAGE;
	uintptr_t small, big;

	(void)state;
	gate_reset();
	gate_catch_stderr();
	fixture_pool(page, 0);
	source = fixture_source(page);
	assert_int_equal(placement_start(&place, fixture_start, fixture_start + BYTES, &source), 0);
	small = placement_take(&place, PAGE, 0);
	big = placement_take(&place, page + BASE, 0);
	assert_int_equal(small, fixture_start);
	assert_int_equal(big, fixture_start + page);
	/* what its last page has left is not for a big one */
	assert_int_equal(placement_take(&place, PAGE, 0), fixture_start + PAGE);
	assert_int_equal(placement_take(&place, 3 * PAGE, 0), fixture_start + 2 * page + PAGE);
	assert_int_equal(placement_take(&place, page, 0), fixture_start + 3 * page);
	placement_unused(&place, big, big + page + BASE);
	assert_int_equal(placement_take(&place, page, 0), fixture_start + page);
	assert_int_equal(placement_take(&place, page, 0), fixture_start + 4 * page);
	placement_unused(&place, fixture_start + 2 * page + PAGE, fixture_start + 3 * page);
	assert_int_equal(placement_take(&place, page, 0), fixture_start + 2 * page);
	end();
}

static void small_ones_share_a_unit(void **state)
{
	uintptr_t at[8];

	(void)state;
	begin();
	for (size_t i = 0; i < 8; i++) {
		at[i] = placement_pack(&place, PAGE / 8);
		assert_int_equal(at[i], fixture_start + i * (PAGE / 8));
		fixture_check_zero(at[i], at[i] + PAGE / 8);
		fixture_fill(at[i], at[i] + PAGE / 8, SEED);
	}
	/* one mapping and its advice served all of them */
	assert_int_equal(gate_calls(CPU_MMAP_NUMBER), 3);
	assert_int_equal(placement_pack(&place, PAGE / 8), fixture_start + PAGE);
	unmap(at[2], PAGE / 8);
	unmap(at[3], PAGE / 8);
	assert_false(fixture_is_mapped(at[2]));
	/* the hole is found again, and is zero */
	assert_int_equal(placement_pack(&place, PAGE / 4), at[2]);
	fixture_check_zero(at[2], at[2] + PAGE / 4);
	fixture_check_filled(at[0], at[2], SEED);
	fixture_check_filled(at[4], at[7] + PAGE / 8, SEED);
	unmap(at[0], PAGE);
	unmap(fixture_start + PAGE, PAGE / 8);
	nothing_is_left();
	end();
}

/* Random sizes come and go: no two overlap, all are zero when new, and in the end nothing is left.
 */
static void random_sizes(void **state)
{
	struct {
		uintptr_t at;
		size_t bytes;
	} held[40] = {0};
	uint64_t random = 9;

	(void)state;
	begin();
	for (int step = 0; step < 4000; step++) {
		size_t i = fixture_random(&random) % COUNT_OF(held);
		size_t bytes = (1 + fixture_random(&random) % 300) * BASE;

		if (held[i].at) {
			fixture_check_filled(held[i].at, held[i].at + held[i].bytes, i);
			/* a part first, now and then */
			if (held[i].bytes > BASE && step % 3 == 0) {
				unmap(held[i].at + held[i].bytes - BASE, BASE);
				held[i].bytes -= BASE;
				continue;
			}
			unmap(held[i].at, held[i].bytes);
			held[i].at = 0;
			continue;
		}
		held[i].at = placement_pack(&place, bytes);
		held[i].bytes = bytes;
		if (!held[i].at)
			continue;
		fixture_check_zero(held[i].at, held[i].at + bytes);
		fixture_fill(held[i].at, held[i].at + bytes, i);
	}
	for (size_t i = 0; i < COUNT_OF(held); i++)
		if (held[i].at)
			unmap(held[i].at, held[i].bytes);
	nothing_is_left();
	end();
}

static void every_call_fails_once(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (unsigned long nth = 1; nth < 6; nth++) {
		uintptr_t first, second;

		begin();
		gate_fail(GATE_ANY, nth, ENOMEM);
		first = placement_pack(&place, MIB);
		failures += !first;
		second = placement_pack(&place, MIB);
		failures += !second;
		assert_true(!first || first != second);
		if (first)
			unmap(first, MIB);
		if (second)
			unmap(second, MIB);
		gate_fail(GATE_ANY, 0, 0);
		/* what could not be unmapped serves the next one */
		first = placement_pack(&place, MIB);
		assert_true(first != 0);
		fixture_check_zero(first, first + MIB);
		unmap(first, MIB);
		nothing_is_left();
		end();
	}
	assert_true(failures > 0);
	gate_reset();
	for (unsigned long nth = 1; nth < 3; nth++) {
		gate_fail(CPU_MMAP_NUMBER, nth, ENOMEM);
		source = fixture_source(PAGE);
		assert_int_equal(
			placement_start(&place, fixture_start, fixture_start + BYTES, &source),
			-ENOMEM);
	}
}

/* As many as there is room for, which is more than at first; each is where no other is. */
static void the_place_grows(void **state)
{
	const size_t tiny = 16 * KIB;
	uintptr_t last = 0, at;
	size_t count = 0, first;

	(void)state;
	gate_reset();
	gate_catch_stderr();
	fixture_pool(tiny, 0);
	source = fixture_source(tiny);
	assert_int_equal(
		placement_start(&place, fixture_start, fixture_start + FIXTURE_BYTES, &source), 0);
	first = place.units.slots;
	for (; (at = placement_take(&place, 3 * tiny - BASE, 0)); last = at, count++)
		assert_int_equal(at, last ? last + 3 * tiny : fixture_start);
	assert_true(count > 20 * first);
	assert_int_equal(place.units.slots,
			 (place.region.limit - place.region.start) / place.region.unit_bytes);
	assert_true(place.region.room - last < 7 * tiny);
	placement_unused(&place, fixture_start + 300 * tiny, fixture_start + 303 * tiny - BASE);
	assert_int_equal(placement_take(&place, 3 * tiny, 0), fixture_start + 300 * tiny);
	placement_drop(&place);
	for (uintptr_t i = fixture_start; i < fixture_start + FIXTURE_BYTES; i += BASE)
		assert_false(fixture_is_mapped(i));
	/* all or nothing, and again when there is memory */
	assert_int_equal(
		placement_start(&place, fixture_start, fixture_start + FIXTURE_BYTES, &source), 0);
	placement_take(&place, first * tiny, 0);
	for (unsigned long nth = 1; nth < 3; nth++) {
		gate_fail(CPU_MMAP_NUMBER, nth, ENOMEM);
		assert_int_equal(placement_take(&place, 10000 * tiny, 0), 0);
		assert_int_equal(place.units.slots, first);
	}
	assert_int_equal(placement_take(&place, 10000 * tiny, 0), fixture_start + first * tiny);
	placement_drop(&place);
}

static void somebody_is_in_the_way(void **state)
{
	(void)state;
	begin();
	fixture_plant_foreign(fixture_start, BASE);
	assert_int_equal(placement_pack(&place, MIB), 0);
	assert_true(fixture_foreign_is_intact(fixture_start, BASE));
	end();
}

static void the_room_is_within_the_hole(void **state)
{
	static const struct {
		uintptr_t start, end;
		uint64_t memory;
		int result;
	} rows[] = {
		{0x555555558000, 0x7ffff7000000, (uint64_t)16 << 30, 0},
		{0x555555558000, 0x7ffff7000000, (uint64_t)1 << 40, 0},
		{0x1000000, 0x3000000, (uint64_t)1 << 30, -ENOMEM},
		{0x1000000, 0xf0000000, (uint64_t)1 << 30, 0},
		{0, 0, (uint64_t)1 << 30, -ENOMEM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uintptr_t start = 0, limit = 0;

		assert_int_equal(mmap_space_choose(rows[i].start, rows[i].end, PAGE, rows[i].memory,
						   &start, &limit),
				 rows[i].result);
		if (rows[i].result)
			continue;
		assert_true(start % PAGE == 0 && limit % PAGE == 0);
		/* the heap's regions lie below three quarters */
		assert_true(start >= rows[i].start + (rows[i].end - rows[i].start) / 4 * 3);
		assert_true(limit > start && limit <= rows[i].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(whole_units),
		FIXTURE_TEST(units_of_big_pages),
		FIXTURE_TEST(small_ones_share_a_unit),
		FIXTURE_TEST(random_sizes),
		FIXTURE_TEST(every_call_fails_once),
		FIXTURE_TEST(the_place_grows),
		FIXTURE_TEST(somebody_is_in_the_way),
		FIXTURE_TEST(the_room_is_within_the_hole),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
