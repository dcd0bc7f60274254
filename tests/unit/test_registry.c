/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry of regions, of the ranges that are tracked and of their parts agrees with a plain
 * list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "calls/madvise.h"
#include "calls/mmap.h"
#include "fixture.h"
#include "region/process.h"
#include "region/ranges.h"
#include "region/split.h"
#include "segments/replaced.h"

#define PAGE ((size_t)64 * KIB)
#define BASE 4096ul
#define SEED 6

static void lookups_agree_with_a_list(void **state)
{
	struct region regions[40];
	bool in[COUNT_OF(regions)] = {false};
	uint64_t random = 5;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(regions); i++)
		regions[i] = (struct region){.start = (i + 1) * 100 * PAGE,
					     .limit = ((i + 1) * 100 + 1 + i % 90) * PAGE};
	for (int step = 0; step < 20000; step++) {
		size_t i = fixture_random(&random) % COUNT_OF(regions);
		uintptr_t from = fixture_random(&random) % (4200 * PAGE);
		uintptr_t to = from + 1 + fixture_random(&random) % (300 * PAGE), at = from;
		struct region *holder = NULL;
		struct region_part part;
		size_t parts = 0, found = 0;

		if (in[i])
			registry_remove(&regions[i]);
		else
			assert_int_equal(registry_add(&regions[i]), 0);
		in[i] = !in[i];
		if (in[i])
			assert_int_equal(registry_add(&regions[i]), -EEXIST);
		for (i = 0; i < COUNT_OF(regions); i++)
			if (in[i] && region_touches(&regions[i], from, to)) {
				parts++;
				if (regions[i].start <= from)
					holder = &regions[i];
			}
		assert_int_equal(registry_touch(from, to), parts > 0);
		assert_ptr_equal(registry_at(from), holder);
		while (registry_part(&at, to, &part)) {
			assert_true(part.from < part.to && part.to <= to && part.from >= from);
			assert_true(part.from >= part.region->start &&
				    part.to <= part.region->limit);
			found++;
		}
		assert_int_equal(found, parts);
		assert_int_equal(gate_calls(GATE_ANY), 0);
	}
	for (size_t i = 0; i < COUNT_OF(regions); i++)
		registry_remove(&regions[i]);
	assert_null(registry_first());
}

/*
 * Ten thousand that come and go, and a wish too many. Not in the range of the fixture: what the
 * registry maps stays for good, and that range is emptied after each test.
 */
static void many_of_them(void **state)
{
	enum { MANY = 10000, TOO_MANY = 200000 };
	struct region *regions = calloc(TOO_MANY, sizeof(*regions)), *next;
	bool *in = calloc(MANY, sizeof(*in));
	uint64_t random = 7;
	size_t count = 0, added = 0;

	(void)state;
	gate_reset();
	assert_true(regions && in);
	for (size_t i = 0; i < TOO_MANY; i++)
		regions[i] =
			(struct region){.start = (2 * i + 2) * PAGE, .limit = (2 * i + 3) * PAGE};
	for (int step = 0; step < 200000; step++) {
		size_t i = fixture_random(&random) % MANY;

		/* nearly all are there in the middle, nearly none before and after */
		if (in[i] && (step > 130000 || step % 16 == 0)) {
			registry_remove(&regions[i]);
			in[i] = false;
		} else if (!in[i] && (step < 100000 || step % 16 == 0)) {
			assert_int_equal(registry_add(&regions[i]), 0);
			in[i] = true;
		}
		i = fixture_random(&random) % MANY;
		assert_ptr_equal(registry_at(regions[i].start + 1), in[i] ? &regions[i] : NULL);
		assert_false(registry_touch(regions[i].start - PAGE, regions[i].start));
	}
	next = registry_first();
	for (size_t i = 0; i < MANY; i++) {
		if (!in[i])
			continue;
		assert_ptr_equal(next, &regions[i]);
		next = registry_next(next);
		registry_remove(&regions[i]);
	}
	assert_null(next);
	assert_null(registry_first());
	while (added < TOO_MANY && !registry_add(&regions[added]))
		added++;
	assert_true(added > MANY && added < TOO_MANY);
	assert_int_equal(registry_add(&regions[added]), -ENOSPC);
	for (next = registry_first(); next; next = registry_next(next))
		count++;
	assert_int_equal(count, added);
	for (size_t i = 0; i < TOO_MANY; i++)
		registry_remove(&regions[i]);
	assert_null(registry_first());
	free(regions);
	free(in);
}

/* Head, tail and middle go: what is left is found, and what is gone is not. */
static void a_region_shrinks(void **state)
{
	struct region region = {.start = 10 * PAGE, .limit = 30 * PAGE}, second;
	struct region others[200];

	(void)state;
	/* leaves that are full, so that room has to be made */
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		uintptr_t start = (i < 5 ? 1 + i : 40 + i) * PAGE;

		others[i] = (struct region){.start = start, .limit = start + PAGE};
		assert_int_equal(registry_add(&others[i]), 0);
	}
	assert_int_equal(registry_add(&region), 0);
	assert_int_equal(registry_shrink(&region, 11 * PAGE, 30 * PAGE, NULL), 0);
	region.start = 11 * PAGE;
	assert_false(registry_touch(10 * PAGE, 11 * PAGE));
	assert_int_equal(registry_shrink(&region, 11 * PAGE, 29 * PAGE, NULL), 0);
	region.limit = 29 * PAGE;
	assert_false(registry_touch(29 * PAGE, 30 * PAGE));
	second = (struct region){.start = 20 * PAGE, .limit = 29 * PAGE};
	assert_int_equal(registry_shrink(&region, 11 * PAGE, 15 * PAGE, &second), 0);
	region.limit = 15 * PAGE;
	assert_false(registry_touch(15 * PAGE, 20 * PAGE));
	assert_ptr_equal(registry_at(15 * PAGE - 1), &region);
	assert_ptr_equal(registry_at(20 * PAGE), &second);
	assert_ptr_equal(registry_next(&region), &second);
	registry_remove(&region);
	registry_remove(&second);
	assert_false(registry_touch(10 * PAGE, 30 * PAGE));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		registry_remove(&others[i]);
	assert_null(registry_first());
}

/* Eight pages that are there already, as data segments are. */
static struct source take(int rights)
{
	struct source source = fixture_source(PAGE);

	gate_reset();
	gate_catch_stderr();
	fixture_pool(PAGE, 8);
	fixture_forget();
	process_base_bytes = BASE;
	assert_int_equal(source_map_huge(&source, fixture_start, 8), 8);
	fixture_fill(fixture_start, fixture_start + 8 * PAGE, SEED);
	assert_int_equal(sys_mprotect(fixture_start, 8 * PAGE, rights), 0);
	return source;
}

static void a_taken_range_bears_what_small_pages_bear(void **state)
{
	struct source source = take(PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(replaced_add_data(fixture_start, fixture_start + 8 * PAGE, &source,
					   PROT_READ | PROT_WRITE, false),
			 0);
	assert_int_equal(call_mprotect((void *)(fixture_start + BASE), BASE, PROT_READ), 0);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 7);
	assert_int_equal(call_munmap((void *)(fixture_start + 3 * PAGE + BASE), BASE), 0);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 6);
	assert_false(fixture_is_mapped(fixture_start + 3 * PAGE + BASE));
	fixture_check_filled(fixture_start, fixture_start + 3 * PAGE + BASE, SEED);
	fixture_check_filled(fixture_start + 3 * PAGE + 2 * BASE, fixture_start + 8 * PAGE, SEED);
	assert_int_equal(gate_pool_violations(), 0);
	assert_int_equal(split_count, 2);
	replaced_forget(fixture_start, fixture_start + 8 * PAGE);
	assert_null(registry_first());
}

static void a_taken_range_keeps_its_rights(void **state)
{
	struct source source = take(PROT_READ);

	(void)state;
	assert_int_equal(replaced_add_data(fixture_start, fixture_start + 8 * PAGE, &source,
					   PROT_READ, false),
			 0);
	assert_int_equal(call_mprotect((void *)fixture_start, BASE, PROT_READ | PROT_WRITE), 0);
	*(volatile char *)fixture_start = *(volatile char *)fixture_start;
	/* the rest of the page is read-only still: the kernel refuses to write there */
	assert_int_equal(sys_pass(SYS_getcpu, (long)(fixture_start + BASE), 0, 0, 0, 0, 0),
			 -EFAULT);
	fixture_check_filled(fixture_start, fixture_start + 8 * PAGE, SEED);
	replaced_forget(fixture_start, fixture_start + 8 * PAGE);
}

/* Text is a file's: emptied it is what it was, and what is written to is small before. */
static void taken_text_is_as_it_was_on_its_file(void **state)
{
	const int rights = PROT_READ | PROT_EXEC;
	struct source source = take(rights);
	uintptr_t start, end;

	(void)state;
	assert_false(replaced_nth(0, &start, &end));
	assert_int_equal(
		replaced_add_text(fixture_start, fixture_start + 8 * PAGE, &source, rights), 0);
	assert_true(replaced_nth(0, &start, &end) && start == fixture_start);
	assert_int_equal(call_madvise((void *)fixture_start, 2 * PAGE, MADV_DONTNEED), 0);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 8);
	assert_int_equal(
		call_mprotect((void *)(fixture_start + BASE), BASE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 7);
	memset((void *)(fixture_start + BASE), 0, BASE);
	assert_int_equal(call_madvise((void *)fixture_start, PAGE, MADV_DONTNEED), 0);
	fixture_check_filled(fixture_start, fixture_start + 8 * PAGE, SEED);
	assert_int_equal(call_mprotect((void *)(fixture_start + 2 * PAGE), PAGE, PROT_READ), 0);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 7);
	assert_int_equal(
		call_mprotect((void *)(fixture_start + 3 * PAGE), PAGE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 6);
	fixture_check_filled(fixture_start, fixture_start + 8 * PAGE, SEED);
	assert_int_equal(gate_pool_violations(), 0);
	replaced_forget(fixture_start, fixture_start + 8 * PAGE);
	assert_false(replaced_nth(0, &start, &end));
}

/* The program is refused what it asks for, and its text is whole. */
static void text_where_a_call_fails(void **state)
{
	static const long numbers[] = {SYS_memfd_create, SYS_ftruncate, SYS_pwrite64,
				       CPU_MMAP_NUMBER};
	const int rights = PROT_READ | PROT_EXEC;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct source source = take(rights);

		assert_int_equal(
			replaced_add_text(fixture_start, fixture_start + 8 * PAGE, &source, rights),
			0);
		gate_fail(numbers[i], 1, ENOMEM);
		assert_int_equal(call_mprotect((void *)fixture_start, BASE, PROT_READ | PROT_WRITE),
				 -1);
		assert_int_equal(errno, ENOMEM);
		assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), 8);
		fixture_check_filled(fixture_start, fixture_start + 8 * PAGE, SEED);
		assert_int_equal(call_mprotect((void *)fixture_start, BASE, PROT_READ | PROT_WRITE),
				 0);
		fixture_check_filled(fixture_start, fixture_start + 8 * PAGE, SEED);
		replaced_forget(fixture_start, fixture_start + 8 * PAGE);
		assert_int_equal(munmap((void *)fixture_start, FIXTURE_BYTES), 0);
	}
}

static void ranges_that_can_not_be_taken(void **state)
{
	struct source source = take(PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(
		replaced_add_data(fixture_start, fixture_start + BASE, &source, PROT_READ, false),
		-EINVAL);
	assert_int_equal(replaced_add_data(fixture_start, fixture_start, &source, PROT_READ, false),
			 -EINVAL);
	gate_fail_always(CPU_MMAP_NUMBER, ENOMEM);
	assert_int_equal(
		replaced_add_data(fixture_start, fixture_start + PAGE, &source, PROT_READ, false),
		-ENOMEM);
	gate_reset();
	assert_int_equal(
		replaced_add_data(fixture_start, fixture_start + PAGE, &source, PROT_READ, false),
		0);
	assert_int_equal(
		replaced_add_data(fixture_start, fixture_start + PAGE, &source, PROT_READ, false),
		-EEXIST);
	replaced_forget(fixture_start, fixture_start + PAGE);
	assert_null(registry_first());
}

/* A part that ld.so unmapped is nobody's; the rest stays in care. */
static void a_part_is_forgotten(void **state)
{
	struct source source = take(PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(replaced_add_data(fixture_start, fixture_start + 8 * PAGE, &source,
					   PROT_READ | PROT_WRITE, false),
			 0);
	assert_int_equal(munmap((void *)fixture_start, 2 * PAGE), 0);
	gate_pool_forget(fixture_start, 2 * PAGE);
	replaced_forget(fixture_start, fixture_start + 2 * PAGE);
	assert_int_equal(call_mprotect((void *)fixture_start, BASE, PROT_READ), -1);
	assert_int_equal(call_mprotect((void *)(fixture_start + 2 * PAGE), BASE, PROT_READ), 0);
	fixture_check_filled(fixture_start + 2 * PAGE, fixture_start + 8 * PAGE, SEED);
	replaced_forget(fixture_start, fixture_start + 8 * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(lookups_agree_with_a_list),
		cmocka_unit_test(many_of_them),
		cmocka_unit_test(a_region_shrinks),
		FIXTURE_TEST(a_taken_range_bears_what_small_pages_bear),
		FIXTURE_TEST(a_taken_range_keeps_its_rights),
		FIXTURE_TEST(taken_text_is_as_it_was_on_its_file),
		FIXTURE_TEST(text_where_a_call_fails),
		FIXTURE_TEST(ranges_that_can_not_be_taken),
		FIXTURE_TEST(a_part_is_forgotten),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
