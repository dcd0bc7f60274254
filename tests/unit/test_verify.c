/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page that the program replaced or protected without the library is detected before it is split
 * or cleared, by each of the queries that some kernel answers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "fixture.h"
#include "region/empty.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/split.h"
#include "region/verify.h"

#define PAGE  ((size_t)64 * KIB)
#define BASE  4096ul
#define PAGES 8

static struct region region;
static struct source source;

/* How the kernel is asked: each is what a kernel of some age answers. */
enum question { BY_QUERY, BY_MREMAP, BY_COLD, QUESTIONS };

static void begin(enum question question)
{
	const struct gate_pool pool = {
		.page_bytes = PAGE,
		.pages = PAGES,
		.populate_limit = SIZE_MAX,
		.no_move = question == BY_COLD,
		.no_populate_write = question == BY_COLD,
	};

	gate_reset();
	gate_pool(&pool);
	sys_sandboxed = false;
	process_base_bytes = BASE;
	source = fixture_source(PAGE);
	source.populate_write = question != BY_COLD;
	assert_int_equal(region_make(&region, fixture_start, fixture_start + PAGES * PAGE, &source),
			 0);
	assert_int_equal(region_map(&region, fixture_start, region.limit, 0), 0);
	region_use(&region, fixture_start, region.limit);
	assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), PAGES);
	if (question != BY_QUERY)
		gate_fail_always(SYS_ioctl, ENOTTY);
}

static void end(void)
{
	region_drop(&region);
	assert_int_equal(munmap((void *)fixture_start, FIXTURE_BYTES), 0);
}

static uintptr_t page_at(size_t page)
{
	return fixture_start + page * PAGE;
}

/* A raw mmap of the program over whole pages. */
static void map_raw(uintptr_t address, size_t bytes, int flags)
{
	assert_ptr_equal(mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
			      flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 (void *)address);
	gate_pool_forget(address, bytes);
}

static bool is_shared(uintptr_t address)
{
	bool shared = false;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], rights[5];
	unsigned long from, to;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 && address >= from &&
		    address < to)
			shared = rights[3] == 's';
	fclose(maps);
	return shared;
}

static void pages_that_nobody_changed_stay(void **state)
{
	(void)state;
	for (enum question question = BY_QUERY; question < QUESTIONS; question++) {
		begin(question);
		for (size_t page = 0; page < PAGES; page++) {
			assert_true(verify_page(&region, page));
			assert_int_equal(region.pages[page], PAGE_HUGE);
		}
		verify_range(&region, fixture_start, region.limit);
		fixture_check_region(&region);
		end();
	}
}

static void replaced_page_is_recorded_as_the_programs(void **state)
{
	(void)state;
	for (enum question question = BY_QUERY; question < QUESTIONS; question++) {
		begin(question);
		map_raw(page_at(2), PAGE, MAP_PRIVATE);
		assert_false(verify_page(&region, 2));
		assert_int_equal(region.pages[2], 0);
		assert_true(region.units[region_unit(&region, page_at(2))] & UNIT_ALTERED);
		assert_true(verify_page(&region, 1));
		assert_true(verify_page(&region, 3));
		end();
	}
}

static void unmapped_page_is_no_page(void **state)
{
	(void)state;
	for (enum question question = BY_QUERY; question < QUESTIONS; question++) {
		begin(question);
		assert_int_equal(munmap((void *)page_at(7), PAGE), 0);
		gate_pool_forget(page_at(7), PAGE);
		assert_false(verify_page(&region, 7));
		end();
	}
}

static void shared_mapping_is_not_split(void **state)
{
	(void)state;
	for (enum question question = BY_QUERY; question < QUESTIONS; question++) {
		begin(question);
		map_raw(page_at(2), 2 * PAGE, MAP_SHARED);
		assert_int_equal(
			split_pages(&region, page_at(2) + BASE, page_at(2) + 2 * BASE, false), 0);
		assert_int_equal(
			split_pages(&region, page_at(5) + BASE, page_at(5) + 2 * BASE, false), 0);
		assert_true(is_shared(page_at(2)));
		assert_false(is_shared(page_at(5)));
		assert_int_equal(gate_pool_mapped(fixture_start, FIXTURE_BYTES), PAGES - 3);
		end();
	}
}

static void rights_are_the_kernels(void **state)
{
	(void)state;
	for (enum question question = BY_QUERY; question < QUESTIONS; question++) {
		begin(question);
		assert_int_equal(mprotect((void *)page_at(4), PAGE, PROT_READ), 0);
		assert_true(verify_page(&region, 4));
		assert_int_equal(page_state_rights(region.pages[4]), PROT_READ);
		assert_int_equal(region.pages[3], PAGE_HUGE);
		end();
	}
}

static void read_only_page_is_emptied_without_a_signal(void **state)
{
	(void)state;
	begin(BY_QUERY);
	fixture_fill(fixture_start, region.limit, 7);
	assert_int_equal(mprotect((void *)page_at(4), PAGE, PROT_READ), 0);
	assert_int_equal(empty_pages(&region, page_at(4), page_at(5)), 0);
	fixture_check_zero(page_at(4), page_at(5));
	fixture_check_filled(fixture_start, page_at(4), 7);
	end();
}

static void sandbox_asks_only_before_a_split(void **state)
{
	unsigned long calls;

	(void)state;
	begin(BY_QUERY);
	sys_sandboxed = true;
	map_raw(page_at(2), PAGE, MAP_PRIVATE);
	calls = gate_calls(GATE_ANY);
	verify_range(&region, fixture_start, region.limit);
	assert_int_equal(gate_calls(GATE_ANY), calls);
	assert_false(verify_page(&region, 2));
	assert_int_equal(gate_calls(SYS_openat), 0);
	sys_sandboxed = false;
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(pages_that_nobody_changed_stay),
		FIXTURE_TEST(replaced_page_is_recorded_as_the_programs),
		FIXTURE_TEST(unmapped_page_is_no_page),
		FIXTURE_TEST(shared_mapping_is_not_split),
		FIXTURE_TEST(rights_are_the_kernels),
		FIXTURE_TEST(read_only_page_is_emptied_without_a_signal),
		FIXTURE_TEST(sandbox_asks_only_before_a_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
