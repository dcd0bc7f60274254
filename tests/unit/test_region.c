/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Regions: units and pages down the ladder, pages returned to the pool, and other mappings in
 * between, with a simulated pool.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "fixture.h"
#include "region/region.h"
#include "region/registry.h"

/* A small page size keeps the tests cheap; 32M pages have 16 units, as 1G pages have 512. */
#define PAGE_SMALL (64 * KIB)
#define PAGE_LARGE (32 * MIB)
#define UNIT_LARGE (2 * MIB)

static struct source source;
static struct region region;

static void begin(size_t page_bytes, size_t pool_pages, size_t region_pages)
{
	gate_catch_stderr();
	fixture_pool(page_bytes, pool_pages);
	source = fixture_source(page_bytes);
	assert_int_equal(region_make(&region, fixture_start,
				     fixture_start + region_pages * page_bytes, &source),
			 0);
}

static size_t huge_pages(void)
{
	return gate_pool_mapped(region.start, region.limit - region.start);
}

static void end(void)
{
	fixture_check_region(&region);
	region_drop(&region);
	assert_int_equal(munmap((void *)fixture_start, FIXTURE_BYTES), 0);
}

static void nothing_is_mapped_at_first(void **state)
{
	(void)state;
	begin(PAGE_SMALL, 100, 100);
	assert_int_equal(gate_calls(GATE_ANY), 1);
	fixture_check_region(&region);
	assert_int_equal(region.unit_bytes, PAGE_SMALL);
	end();
	begin(PAGE_LARGE, 100, 4);
	assert_int_equal(region.unit_bytes, UNIT_LARGE);
	end();
	gate_fail(CPU_MMAP_NUMBER, 1, ENOMEM);
	assert_int_equal(region_make(&region, fixture_start, fixture_start + PAGE_SMALL, &source),
			 -ENOMEM);
	assert_null(region.pages);
	region_drop(&region);
}

static void full_pool(void **state)
{
	(void)state;
	begin(PAGE_SMALL, 100, 100);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 10 * PAGE_SMALL, 0), 0);
	assert_int_equal(huge_pages(), 10);
	/* what is there is not asked for again */
	gate_fail_always(CPU_MMAP_NUMBER, ENOMEM);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 10 * PAGE_SMALL, 0), 0);
	end();
}

static void pages_beyond_are_taken_while_there_are_any(void **state)
{
	(void)state;
	begin(PAGE_SMALL, 7, 100);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 4 * PAGE_SMALL,
				    fixture_start + 9 * PAGE_SMALL),
			 0);
	assert_int_equal(huge_pages(), 7);
	/* no small page behind what was needed */
	assert_false(region.units[7] & UNIT_MAPPED);
	end();
}

/* Nine tenths of what is asked: they are used, the rest is small, and one line says so. */
static void short_pool(void **state)
{
	(void)state;
	begin(PAGE_SMALL, 90, 200);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 100 * PAGE_SMALL, 0),
			 0);
	assert_int_equal(huge_pages(), 90);
	assert_int_equal(source.short_falls, 1);
	fixture_check_zero(fixture_start, fixture_start + 100 * PAGE_SMALL);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 120 * PAGE_SMALL, 0),
			 0);
	assert_true(gate_stderr_lines() <= 1);
	end();
}

static void empty_pool(void **state)
{
	(void)state;
	begin(PAGE_SMALL, 0, 100);
	assert_int_equal(region_map(&region, fixture_start + PAGE_SMALL,
				    fixture_start + 100 * PAGE_SMALL, 0),
			 0);
	assert_int_equal(huge_pages(), 0);
	fixture_check_zero(fixture_start + PAGE_SMALL, fixture_start + 100 * PAGE_SMALL);
	end();
	begin(PAGE_SMALL, 100, 100);
	source.hugetlb = false;
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 100 * PAGE_SMALL, 0),
			 0);
	assert_int_equal(huge_pages(), 0);
	end();
}

static void large_pages_come_whole(void **state)
{
	(void)state;
	begin(PAGE_LARGE, 2, 4);
	assert_int_equal(
		region_map(&region, fixture_start + UNIT_LARGE, fixture_start + 3 * UNIT_LARGE, 0),
		0);
	assert_int_equal(huge_pages(), 1);
	assert_int_equal(region.units[0] & UNIT_MAPPED, UNIT_MAPPED);
	assert_int_equal(region.units[15] & UNIT_MAPPED, UNIT_MAPPED);
	/* across a border: the second page, and units behind it, for the pool is empty then */
	assert_int_equal(region_map(&region, fixture_start + 15 * UNIT_LARGE,
				    fixture_start + 34 * UNIT_LARGE, 0),
			 0);
	assert_int_equal(huge_pages(), 2);
	assert_true(region.units[33] & UNIT_MAPPED);
	assert_false(region.units[34] & UNIT_MAPPED);
	fixture_check_region(&region);
	fixture_check_zero(fixture_start + 32 * UNIT_LARGE, fixture_start + 34 * UNIT_LARGE);
	end();
	/* a page that began small stays so, its neighbour gets a huge one */
	begin(PAGE_LARGE, 0, 4);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + UNIT_LARGE, 0), 0);
	fixture_pool(PAGE_LARGE, 4);
	source.skip = 0;
	assert_int_equal(
		region_map(&region, fixture_start + UNIT_LARGE, fixture_start + 17 * UNIT_LARGE, 0),
		0);
	assert_int_equal(huge_pages(), 1);
	assert_true(region_huge_at(&region, fixture_start + PAGE_LARGE));
	end();
}

/* Somebody maps in our range without asking: that place is never tried, used or unmapped again. */
static void foreign_memory_is_left_alone(void **state)
{
	for (int pool_pages = 0; pool_pages <= 100; pool_pages += 50) {
		uintptr_t foreign = fixture_start + 5 * PAGE_SMALL;
		unsigned long calls;

		(void)state;
		gate_reset();
		begin(PAGE_SMALL, (size_t)pool_pages, 100);
		fixture_plant_foreign(foreign, PAGE_SMALL);
		assert_int_equal(
			region_map(&region, fixture_start, fixture_start + 10 * PAGE_SMALL, 0),
			-ENOMEM);
		fixture_check_region(&region);
		assert_true(region.units[5] & UNIT_FOREIGN);
		calls = gate_calls(GATE_ANY);
		assert_int_equal(region_map(&region, foreign, foreign + PAGE_SMALL, 0), -ENOMEM);
		assert_int_equal(gate_calls(GATE_ANY), calls);
		region_use(&region, foreign, foreign + PAGE_SMALL);
		region_unuse(&region, fixture_start, region.limit);
		region_give_back(&region, fixture_start, region.limit);
		assert_true(fixture_foreign_is_intact(foreign, PAGE_SMALL));
		assert_true(region.units[5] & UNIT_FOREIGN);
		/* in front of it there is room as before */
		assert_int_equal(
			region_map(&region, fixture_start, fixture_start + 4 * PAGE_SMALL, 0),
			region.units[0] & UNIT_FOREIGN ? -ENOMEM : 0);
		end();
	}
}

/* A failure that passes leaves nothing behind: the next growth finds the place free. */
static void passing_failures_pass(void **state)
{
	static const int errors[] = {ENOMEM, EAGAIN, EPERM, EINTR};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		gate_reset();
		begin(PAGE_SMALL, 0, 100);
		gate_fail_always(CPU_MMAP_NUMBER, errors[i]);
		assert_int_equal(
			region_map(&region, fixture_start, fixture_start + 10 * PAGE_SMALL, 0),
			-ENOMEM);
		fixture_check_region(&region);
		gate_reset();
		gate_catch_stderr();
		fixture_pool(PAGE_SMALL, 100);
		assert_int_equal(
			region_map(&region, fixture_start, fixture_start + 10 * PAGE_SMALL, 0), 0);
		end();
	}
}

static void what_is_in_use_is_not_given_back(void **state)
{
	(void)state;
	begin(PAGE_LARGE, 2, 4);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 40 * UNIT_LARGE, 0), 0);
	region_use(&region, fixture_start, fixture_start + 40 * UNIT_LARGE);
	region_unuse(&region, fixture_start, fixture_start + 15 * UNIT_LARGE);
	region_give_back(&region, fixture_start, fixture_start + 15 * UNIT_LARGE);
	assert_int_equal(huge_pages(), 2);
	assert_true(region.units[3] & UNIT_DIRTY);
	/* the last unit of the first page, and one of the small ones */
	region_unuse(&region, fixture_start + 15 * UNIT_LARGE, fixture_start + 16 * UNIT_LARGE);
	region_unuse(&region, fixture_start + 35 * UNIT_LARGE, fixture_start + 36 * UNIT_LARGE);
	region_give_back(&region, fixture_start, fixture_start + 36 * UNIT_LARGE);
	assert_int_equal(huge_pages(), 1);
	assert_false(region.units[35] & UNIT_MAPPED);
	assert_true(region.units[36] & UNIT_MAPPED);
	end();
}

static void renewed_memory_is_small_and_empty(void **state)
{
	(void)state;
	begin(PAGE_SMALL, 100, 100);
	assert_int_equal(region_map(&region, fixture_start, fixture_start + 10 * PAGE_SMALL, 0), 0);
	region_use(&region, fixture_start, fixture_start + 10 * PAGE_SMALL);
	fixture_fill(fixture_start, fixture_start + 10 * PAGE_SMALL, 1);
	gate_fail(CPU_MMAP_NUMBER, 1, ENOMEM);
	assert_int_equal(region_renew_small(&region, fixture_start + PAGE_SMALL,
					    fixture_start + 3 * PAGE_SMALL),
			 -ENOMEM);
	fixture_check_filled(fixture_start, fixture_start + 10 * PAGE_SMALL, 1);
	assert_int_equal(region_renew_small(&region, fixture_start + PAGE_SMALL,
					    fixture_start + 3 * PAGE_SMALL),
			 0);
	fixture_check_filled(fixture_start, fixture_start + PAGE_SMALL, 1);
	fixture_check_zero(fixture_start + PAGE_SMALL, fixture_start + 3 * PAGE_SMALL);
	fixture_check_filled(fixture_start + 3 * PAGE_SMALL, fixture_start + 10 * PAGE_SMALL, 1);
	assert_int_equal(huge_pages(), 8);
	assert_int_equal(region.units[2], UNIT_USED | UNIT_MAPPED);
	end();
}

/* Runs of units of a model: whoever has one has written its number into it. */
struct model {
	size_t units;
	unsigned int owner[512]; /* 0: nobody's */
	bool foreign[512];
};

static void stamp(size_t unit, unsigned int owner)
{
	uint64_t *words = (uint64_t *)region_unit_address(&region, unit);

	words[0] = words[region.unit_bytes / 8 - 1] = owner;
}

static void check_stamp(size_t unit, unsigned int owner)
{
	const uint64_t *words = (const uint64_t *)region_unit_address(&region, unit);

	assert_int_equal(words[0], owner);
	assert_int_equal(words[region.unit_bytes / 8 - 1], owner);
}

/* Takes a run of nobody's units, where every unit that is not dirty has to be zero. */
static void take(struct model *model, size_t from, size_t to, size_t wanted, unsigned int owner)
{
	uintptr_t start = region_unit_address(&region, from);
	uintptr_t stop = region_unit_address(&region, to);

	if (region_map(&region, start, stop, region_unit_address(&region, wanted)))
		return;
	for (size_t i = from; i < to; i++) {
		assert_true(region.units[i] & UNIT_MAPPED);
		assert_false(model->foreign[i]);
		if (!(region.units[i] & UNIT_DIRTY))
			check_stamp(i, 0);
		region.units[i] &= (unsigned char)~UNIT_DIRTY;
		model->owner[i] = owner;
		stamp(i, owner);
	}
	region_use(&region, start, stop);
}

static void drop(struct model *model, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		model->owner[i] = 0;
	region_unuse(&region, region_unit_address(&region, from), region_unit_address(&region, to));
	region_give_back(&region, region_unit_address(&region, from),
			 region_unit_address(&region, to));
}

/* The run of units from `from` on that belong to the same. */
static size_t run_end(const struct model *model, size_t from)
{
	size_t to = from + 1;

	while (to < model->units && model->owner[to] == model->owner[from])
		to++;
	return to;
}

static void random_operations(size_t page_bytes, size_t region_pages, unsigned int steps,
			      uint64_t random)
{
	static struct model model;
	size_t page_units;

	gate_reset();
	begin(page_bytes, region_pages / 2, region_pages);
	page_units = region.page_bytes / region.unit_bytes;
	memset(&model, 0, sizeof(model));
	model.units = region_pages * page_units;
	assert_true(model.units <= COUNT_OF(model.owner));
	for (unsigned int step = 1; step <= steps; step++) {
		size_t from = fixture_random(&random) % model.units;
		size_t to = run_end(&model, from);
		size_t length = 1 + fixture_random(&random) % (3 * page_units);
		size_t wanted;

		if (to - from > length)
			to = from + length;
		wanted = (to + page_units - 1 + fixture_random(&random) % 3 * page_units) /
			 page_units * page_units;
		if (wanted > model.units)
			wanted = model.units;
		if (fixture_random(&random) % 8 == 0)
			gate_fail(GATE_ANY, 1 + fixture_random(&random) % 3,
				  fixture_random(&random) % 2 ? ENOMEM : EINTR);
		if (!model.owner[from])
			take(&model, from, to, wanted, step);
		else
			drop(&model, from, to);
		gate_fail(GATE_ANY, 0, 0);
		if (fixture_random(&random) % 50 == 0 && !model.owner[from] &&
		    !(region.units[from] & UNIT_MAPPED) &&
		    !fixture_is_mapped(region_unit_address(&region, from))) {
			fixture_plant_foreign(region_unit_address(&region, from), 4096);
			model.foreign[from] = true;
		}
		for (size_t i = 0; i < model.units; i++) {
			if (model.owner[i])
				check_stamp(i, model.owner[i]);
			if (model.foreign[i])
				assert_true(fixture_foreign_is_intact(
					region_unit_address(&region, i), 4096));
		}
		if (step % 16 == 0)
			assert_int_equal(gate_pool_violations(), 0);
	}
	region_drop(&region);
	munmap((void *)fixture_start, FIXTURE_BYTES);
}

static void random_operations_keep_what_is_in_use(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		random_operations(PAGE_SMALL, 200, 400, seed);
		random_operations(PAGE_LARGE, 8, 200, seed);
	}
}

/* Without failing calls and foreign memory the states are exact after every step. */
static void states_are_exact(void **state)
{
	static const size_t page_sizes[] = {PAGE_SMALL, 2 * MIB, 4 * MIB, PAGE_LARGE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(page_sizes); i++) {
		uint64_t random = i + 1;
		size_t pages = 16, units;

		begin(page_sizes[i], 9, pages);
		units = (region.limit - region.start) / region.unit_bytes;
		for (int step = 0; step < 300; step++) {
			size_t from = fixture_random(&random) % units;
			size_t to = from + 1 + fixture_random(&random) % (units - from);
			uintptr_t start = region_unit_address(&region, from);
			uintptr_t stop = region_unit_address(&region, to);

			if (fixture_random(&random) % 2) {
				region_map(&region, start, stop, 0);
				region_use(&region, start, stop);
				for (size_t unit = from; unit < to; unit++) {
					assert_true(region.units[unit] & UNIT_MAPPED);
					region.units[unit] &= (unsigned char)~UNIT_DIRTY;
				}
			} else {
				region_unuse(&region, start, stop);
				region_give_back(&region, start, stop);
			}
			fixture_check_region(&region);
			assert_true(huge_pages() <= 9);
		}
		region_unuse(&region, region.start, region.limit);
		region_give_back(&region, region.start, region.limit);
		assert_int_equal(huge_pages(), 0);
		for (size_t unit = 0; unit < units; unit++)
			assert_int_equal(region.units[unit], 0);
		end();
	}
}

/* A page so small that the range is larger than the states mapped at the start. */
#define PAGE_TINY (16 * KIB)

static void begin_growing(void)
{
	gate_catch_stderr();
	fixture_pool(PAGE_TINY, 0);
	source = fixture_source(PAGE_TINY);
	assert_int_equal(
		region_make_growing(&region, fixture_start, fixture_start + FIXTURE_BYTES, &source),
		0);
	assert_int_equal(registry_add(&region), 0);
}

static void end_growing(void)
{
	registry_remove(&region);
	region_drop(&region);
	for (uintptr_t at = fixture_start; at < fixture_start + FIXTURE_BYTES; at += 4096)
		assert_false(fixture_is_mapped(at));
}

/* Raises the limit until there is no more room. */
static size_t grow_to_the_end(void)
{
	uintptr_t limit;
	size_t steps = 0;

	while ((limit = region_next_limit(&region, PAGE_TINY))) {
		size_t last = region_page(&region, region.limit) - 1;

		region.pages[last] = PAGE_RESERVED;
		region.units[last] = UNIT_USED;
		assert_int_equal(registry_grow(&region, limit), 0);
		assert_int_equal(region.limit, limit);
		assert_int_equal(region.pages[last], PAGE_RESERVED);
		assert_int_equal(region.units[last], UNIT_USED);
		for (size_t i = last + 1; i < region_page(&region, limit); i++)
			assert_true(!region.pages[i] && !region.units[i]);
		assert_true(registry_at(limit - 1) == &region);
		assert_null(registry_at(limit));
		steps++;
	}
	return steps;
}

static void it_grows_as_it_is_needed(void **state)
{
	uintptr_t first;

	(void)state;
	begin_growing();
	first = region.limit;
	assert_true(first - fixture_start < FIXTURE_BYTES / 64);
	assert_true(registry_room_touch(fixture_start + FIXTURE_BYTES - 1,
					fixture_start + FIXTURE_BYTES));
	assert_false(registry_room_touch(fixture_start + FIXTURE_BYTES,
					 fixture_start + FIXTURE_BYTES + 1));
	assert_false(registry_touch(first, fixture_start + FIXTURE_BYTES));
	/* more than twice as much, where that is asked */
	assert_int_equal(region_next_limit(&region, 1), first + (first - fixture_start));
	assert_int_equal(region_next_limit(&region, 3 * (first - fixture_start) + 1),
			 first + 3 * (first - fixture_start) + PAGE_TINY);
	assert_int_equal(region_next_limit(&region, FIXTURE_BYTES), 0);
	assert_true(grow_to_the_end() < 10);
	assert_int_equal(region.limit, region.room);
	assert_true(region.room - fixture_start >= FIXTURE_BYTES / 16 * 15);
	assert_int_equal(region_map(&region, region.room - PAGE_TINY, region.room, 0), 0);
	region_give_back(&region, region.room - PAGE_TINY, region.room);
	end_growing();
	assert_false(registry_room_touch(fixture_start, fixture_start + FIXTURE_BYTES));
}

/* Then it is as it was, and grows when the failure has passed. */
static void it_can_not_grow(void **state)
{
	struct region other = {.start = 0};
	uintptr_t limit;

	(void)state;
	for (unsigned long nth = 1; nth <= 2; nth++) {
		gate_fail(CPU_MMAP_NUMBER, nth, ENOMEM);
		source = fixture_source(PAGE_TINY);
		assert_int_equal(region_make_growing(&region, fixture_start,
						     fixture_start + FIXTURE_BYTES, &source),
				 -ENOMEM);
		assert_false(fixture_is_mapped(fixture_start + FIXTURE_BYTES / 16 * 15));
		begin_growing();
		limit = region_next_limit(&region, FIXTURE_BYTES / 2);
		gate_fail(CPU_MMAP_NUMBER, nth, ENOMEM);
		assert_int_equal(registry_grow(&region, limit), -ENOMEM);
		assert_true(region.limit < limit);
		assert_null(registry_at(limit - 1));
		assert_int_equal(registry_grow(&region, limit), 0);
		end_growing();
	}
	begin_growing();
	other.start = region.limit + PAGE_TINY;
	other.limit = other.start + PAGE_TINY;
	assert_int_equal(registry_add(&other), 0);
	limit = region.limit;
	assert_int_equal(registry_grow(&region, region_next_limit(&region, 1)), -ENOMEM);
	assert_int_equal(region.limit, limit);
	registry_remove(&other);
	end_growing();
	/* somebody where the states are to come */
	begin_growing();
	fixture_plant_foreign(region.room + 8 * 4096, 4096);
	limit = region.limit;
	assert_int_equal(registry_grow(&region, region.room), -ENOMEM);
	assert_int_equal(region.limit, limit);
	assert_true(fixture_foreign_is_intact(region.room + 8 * 4096, 4096));
	munmap((void *)(region.room + 8 * 4096), 4096);
	end_growing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(it_grows_as_it_is_needed),
		FIXTURE_TEST(it_can_not_grow),
		FIXTURE_TEST(nothing_is_mapped_at_first),
		FIXTURE_TEST(full_pool),
		FIXTURE_TEST(pages_beyond_are_taken_while_there_are_any),
		FIXTURE_TEST(short_pool),
		FIXTURE_TEST(empty_pool),
		FIXTURE_TEST(large_pages_come_whole),
		FIXTURE_TEST(foreign_memory_is_left_alone),
		FIXTURE_TEST(passing_failures_pass),
		FIXTURE_TEST(what_is_in_use_is_not_given_back),
		FIXTURE_TEST(renewed_memory_is_small_and_empty),
		FIXTURE_TEST(random_operations_keep_what_is_in_use),
		FIXTURE_TEST(states_are_exact),
	};

	return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
