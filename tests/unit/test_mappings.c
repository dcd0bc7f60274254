/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program's mmap, mremap, mprotect and munmap with HUGETLB_MMAP (src/mmap/, src/calls/), with
 * a simulated pool, and when any one system call fails.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "calls/madvise.h"
#include "calls/mlock.h"
#include "calls/mmap.h"
#include "calls/mremap.h"
#include "calls/start.h"
#include "fixture.h"
#include "mmap/mappings.h"
#include "mmap/start.h"
#include "region/lock.h"
#include "region/process.h"
#include "region/registry.h"
#include "region/split.h"

#define PAGE (2 * MIB)
#define BASE 4096ul
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Hugetlb pages of 2M, and no other feature of the library. */
static const char *const page_sizes[] = {"hugepages-2048kB"};

static int begin(size_t pool_pages, size_t threshold)
{
	const struct options options = {
		.mmap = HEAP_DEFAULT,
		.mmap_threshold = threshold,
		.mmap_limit = 64 * MIB,
	};
	int failed;

	gate_reset();
	gate_catch_stderr();
	gate_hide_system();
	gate_directory("/sys/kernel/mm/hugepages", page_sizes, 1);
	gate_file("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "100\n");
	gate_file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "100\n");
	gate_file("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	gate_file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n");
	gate_file("/proc/meminfo", "Hugepagesize: 2048 kB\n");
	memset(&mappings, 0, sizeof(mappings));
	fixture_forget();
	/* Libc's entries stay as they are: the test calls what they would lead to. */
	libc_calls.active = true;
	process_base_bytes = BASE;
	failed = mappings_start(&options);
	gate_reset();
	gate_catch_stderr();
	fixture_pool(PAGE, pool_pages);
	return failed;
}

static void end(void)
{
	struct region *region = &mappings.place.region;

	fixture_check_region(region);
	if (mappings.place.idle != SIZE_MAX)
		munmap((void *)region_unit_address(region, mappings.place.idle),
		       region->unit_bytes);
	registry_remove(&mappings.place.region);
	placement_drop(&mappings.place);
}

static size_t huge_at(const void *at, size_t bytes)
{
	return gate_pool_mapped((uintptr_t)at, bytes);
}

static char *map(void *hint, size_t bytes, int protection, int flags)
{
	char *at = call_mmap(hint, bytes, protection, flags, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void unmap(char *at, size_t bytes)
{
	assert_int_equal(call_munmap(at, bytes), 0);
	/* the kernel's munmap of whole huge pages does not pass the gate */
	gate_pool_forget((uintptr_t)at, bytes);
	assert_false(fixture_is_mapped((uintptr_t)at));
}

static void fill(char *at, size_t bytes, uint64_t seed)
{
	for (size_t i = 0; i < bytes / 8; i++)
		((uint64_t *)at)[i] = seed + i;
}

static void check(const char *at, size_t bytes, uint64_t seed)
{
	for (size_t i = 0; i < bytes / 8; i += 16)
		if (((const uint64_t *)at)[i] != seed + i)
			fail_msg("word %zu of %zu bytes changed", i, bytes);
}

static void check_zeroes(const char *at, size_t bytes)
{
	fixture_check_zero((uintptr_t)at, (uintptr_t)at + bytes);
}

static void who_gets_what(void **state)
{
	static const struct {
		size_t bytes, huge;
		int protection, flags;
	} rows[] = {
		{3 * PAGE, 3, RW, ANON},
		{3 * PAGE + BASE, 3, RW, ANON},
		{PAGE, 1, RW, ANON},
		{PAGE - BASE, 0, RW, ANON},
		{3 * PAGE, 0, RW, ANON | MAP_NORESERVE},
		{3 * PAGE, 0, PROT_READ, ANON},
		{3 * PAGE, 0, RW | PROT_EXEC, ANON},
		{3 * PAGE, 0, RW, ANON | MAP_STACK},
		{3 * PAGE, 0, RW, ANON | MAP_POPULATE},
		{3 * PAGE, 0, RW, MAP_SHARED | MAP_ANONYMOUS},
		{66 * MIB, 0, RW, ANON}, /* over the limit */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char *at;

		assert_int_equal(begin(100, 0), 0);
		at = map(NULL, rows[i].bytes, rows[i].protection, rows[i].flags);
		assert_int_equal(huge_at(at, rows[i].bytes), rows[i].huge);
		if (rows[i].protection & PROT_WRITE) {
			check_zeroes(at, rows[i].bytes);
			fill(at, rows[i].bytes, i);
			check(at, rows[i].bytes, i);
		}
		unmap(at, rows[i].bytes);
		assert_string_equal(gate_stderr(), "");
		end();
	}
}

/* The pool has less than the mapping is big: the rest is small, and a next one is small all over.
 */
static void a_short_pool(void **state)
{
	char *at, *next;

	(void)state;
	assert_int_equal(begin(2, 0), 0);
	at = map(NULL, 5 * PAGE, RW, ANON);
	assert_int_equal(huge_at(at, 5 * PAGE), 2);
	next = map(NULL, 5 * PAGE, RW, ANON);
	assert_int_equal(huge_at(next, 5 * PAGE), 0);
	fill(at, 5 * PAGE, 1);
	fill(next, 5 * PAGE, 2);
	check(at, 5 * PAGE, 1);
	unmap(next, 5 * PAGE);
	unmap(at, 5 * PAGE);
	end();
}

/* Reserved without access, and opened in steps: whole pages of it are huge. */
static void a_reservation(void **state)
{
	char *at, *first;

	(void)state;
	assert_int_equal(begin(100, 0), 0);
	at = map(NULL, 10 * PAGE, PROT_NONE, ANON | MAP_NORESERVE);
	first = (char *)(((uintptr_t)at + PAGE - 1) & ~(PAGE - 1));
	assert_int_equal(call_mprotect(first, 2 * PAGE, RW), 0);
	assert_int_equal(huge_at(first, 2 * PAGE), 2);
	check_zeroes(first, 2 * PAGE);
	fill(first, 2 * PAGE, 3);
	/* a part of the next page: it can't be huge, now or later */
	assert_int_equal(call_mprotect(first + 2 * PAGE, BASE, RW), 0);
	fill(first + 2 * PAGE, BASE, 4);
	assert_int_equal(call_mprotect(first + 2 * PAGE, 2 * PAGE, RW), 0);
	assert_int_equal(huge_at(first + 2 * PAGE, PAGE), 0);
	assert_int_equal(huge_at(first + 3 * PAGE, PAGE), 1);
	check(first, 2 * PAGE, 3);
	check(first + 2 * PAGE, BASE, 4);
	/* mapped over, it is new memory */
	gate_pool_forget((uintptr_t)first, PAGE);
	assert_ptr_equal(map(first, PAGE, RW, ANON | MAP_FIXED), first);
	check_zeroes(first, PAGE);
	gate_pool_forget((uintptr_t)at, 10 * PAGE);
	unmap(at, 10 * PAGE);
	end();
}

static void moves(void **state)
{
	char *at, *to;

	(void)state;
	assert_int_equal(begin(100, 0), 0);
	at = map(NULL, 2 * PAGE + BASE, RW, ANON);
	fill(at, 2 * PAGE + BASE, 5);
	/* it grows, and stays on huge pages */
	at = call_mremap(at, 2 * PAGE + BASE, 6 * PAGE, MREMAP_MAYMOVE, NULL);
	assert_ptr_not_equal(at, MAP_FAILED);
	check(at, 2 * PAGE + BASE, 5);
	check_zeroes(at + 2 * PAGE + BASE, 4 * PAGE - BASE);
	assert_true(huge_at(at, 6 * PAGE) >= 5);
	fill(at, 6 * PAGE, 6);
	/* it shrinks into a page */
	assert_ptr_equal(call_mremap(at, 6 * PAGE, PAGE + BASE, 0, NULL), at);
	check(at, PAGE + BASE, 6);
	assert_false(fixture_is_mapped((uintptr_t)at + PAGE + BASE));
	gate_pool_forget((uintptr_t)at + 2 * PAGE, 4 * PAGE);
	/* to a place of the program's */
	to = map(NULL, 4 * PAGE, PROT_READ, ANON);
	assert_ptr_equal(
		call_mremap(at, PAGE + BASE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + BASE),
		to + BASE);
	check(to + BASE, PAGE + BASE, 6);
	check_zeroes(to + PAGE + 2 * BASE, PAGE - BASE);
	assert_false(fixture_is_mapped((uintptr_t)at));
	/* what is wrong is refused, and changes nothing */
	errno = 0;
	assert_ptr_equal(call_mremap(to + BASE, PAGE, PAGE, 128, NULL), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	check(to + BASE, PAGE + BASE, 6);
	unmap(to, 4 * PAGE);
	end();
}

/* How many of the first units are in use, or idle. */
static size_t units_taken(size_t first)
{
	size_t taken = 0;

	for (size_t i = 0; i < first; i++)
		taken += !!mappings.place.region.units[i];
	return taken;
}

/* Small mappings share a unit, which is freed with the last one; one unit stays for the next. */
static void packed(void **state)
{
	char *at[40], *again;

	(void)state;
	assert_int_equal(begin(100, 64 * KIB), 0);
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		at[i] = map(NULL, 64 * KIB, RW, ANON);
		check_zeroes(at[i], 64 * KIB);
		fill(at[i], 64 * KIB, i);
		assert_true(region_touches(&mappings.place.region, (uintptr_t)at[i],
					   (uintptr_t)at[i] + 1));
	}
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		check(at[i], 64 * KIB, i);
		unmap(at[i], 64 * KIB);
	}
	assert_int_equal(units_taken(4), 1);
	/* what comes and goes finds new memory, until there is none in it */
	for (size_t i = 0; i < 100; i++) {
		again = map(NULL, 64 * KIB, RW, ANON);
		check_zeroes(again, 64 * KIB);
		fill(again, 64 * KIB, i);
		unmap(again, 64 * KIB);
		assert_int_equal(units_taken(4) + (mappings.place.idle == SIZE_MAX), 1);
	}
	end();
}

/*
 * A program's typical calls; one call of the library fails. The program may be refused what it
 * requests, with its memory unchanged; it never loses any of it.
 */
static void play(void)
{
	size_t bytes = 3 * PAGE + BASE;
	char *at = map(NULL, bytes, RW, ANON), *moved, *small = map(NULL, 64 * KIB, RW, ANON);
	char *space = map(NULL, 4 * PAGE, PROT_NONE, ANON | MAP_NORESERVE);
	size_t opened = 0;

	check_zeroes(at, bytes);
	fill(at, bytes, 1);
	fill(small, 64 * KIB, 2);
	if (!call_mprotect(at + PAGE + BASE, BASE, PROT_READ))
		assert_int_equal(call_mprotect(at + PAGE + BASE, BASE, RW), 0);
	check(at, bytes, 1);
	moved = call_mremap(at, bytes, bytes + PAGE, MREMAP_MAYMOVE, NULL);
	if (moved != MAP_FAILED) {
		at = moved;
		check_zeroes(at + bytes, PAGE);
		bytes += PAGE;
		fill(at, bytes, 1);
	}
	check(at, bytes, 1);
	moved = call_mremap(at + PAGE, PAGE + BASE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    space + PAGE);
	if (moved != MAP_FAILED) {
		for (size_t i = 0; i < PAGE + BASE; i += 8)
			assert_int_equal(*(uint64_t *)(moved + i), 1 + (PAGE + i) / 8);
		check(at, PAGE, 1);
	} else {
		check(at, bytes, 1);
	}
	if (!call_mprotect(space, PAGE, RW)) {
		opened = PAGE;
		check_zeroes(space, PAGE);
		fill(space, opened, 3);
	}
	if (!call_madvise(small, BASE, MADV_DONTNEED))
		check_zeroes(small, BASE);
	check(small + BASE, 60 * KIB, 2 + BASE / 8);
	check(space, opened, 3);
	while (call_munmap(space, 4 * PAGE) || call_munmap(at, bytes) ||
	       call_munmap(small, 64 * KIB))
		assert_int_equal(errno, ENOMEM);
	gate_pool_forget(0, SIZE_MAX);
	assert_false(fixture_is_mapped((uintptr_t)space));
	assert_false(fixture_is_mapped((uintptr_t)at));
}

static void every_call_fails_once(void **state)
{
	unsigned long calls;

	(void)state;
	assert_int_equal(begin(100, 64 * KIB), 0);
	calls = gate_calls(GATE_ANY);
	play();
	calls = gate_calls(GATE_ANY) - calls;
	end();
	assert_true(calls > 20);
	for (unsigned long nth = 1; nth <= calls; nth++) {
		assert_int_equal(begin(100, 64 * KIB), 0);
		gate_fail(GATE_ANY, nth, ENOMEM);
		play();
		end();
	}
}

/* A start that fails leaves no region, and says why. */
static void every_call_of_the_start_fails_once(void **state)
{
	unsigned long declined = 0;

	(void)state;
	for (unsigned long nth = 1; nth <= 3; nth++) {
		const struct options options = {.mmap = HEAP_DEFAULT};

		assert_int_equal(begin(100, 0), 0);
		registry_remove(&mappings.place.region);
		placement_drop(&mappings.place);
		memset(&mappings, 0, sizeof(mappings));
		gate_fail(CPU_MMAP_NUMBER, nth, ENOMEM);
		if (!mappings_start(&options)) {
			end();
			continue;
		}
		declined++;
		assert_non_null(strstr(gate_stderr(), "mappings stay on small pages"));
		assert_false(mappings.active);
		assert_null(mappings.place.region.pages);
		assert_null(registry_first());
	}
	assert_true(declined >= 2);
}

/* A huge page that a mapping's tail shares with small ones: it goes with the last of them. */
static void a_shared_tail_goes(void **state)
{
	const size_t bytes = PAGE + PAGE / 4;
	char *at, *small;

	(void)state;
	assert_int_equal(begin(100, 64 * KIB), 0);
	at = map(NULL, bytes, RW, ANON);
	assert_int_equal(huge_at(at, bytes), 2);
	fill(at, bytes, 1);
	small = map(NULL, PAGE / 4, RW, ANON);
	assert_ptr_equal(small, at + bytes);
	fill(small, PAGE / 4, 2);
	unmap(at, bytes);
	check(small, PAGE / 4, 2);
	/* one may stay for the next */
	unmap(small, PAGE / 4);
	assert_int_equal(units_taken(8), 1);
	/* it goes as a whole if nothing else uses it */
	assert_int_equal(split_count, 1);
	at = map(NULL, bytes, RW, ANON);
	unmap(at, bytes);
	assert_int_equal(units_taken(8), 1);
	assert_int_equal(split_count, 1);
	for (char *page = at; page < at + 2 * PAGE; page += BASE)
		assert_false(fixture_is_mapped((uintptr_t)page));
	end();
}

#define assert_refused(call)                        \
	do {                                        \
		errno = 0;                          \
		assert_int_equal((long)(call), -1); \
		assert_int_equal(errno, ENOMEM);    \
	} while (0)

/* What the kernel would refuse, or do wrong, on a hugetlb page, while the lock is not available: as
 * here, in a handler of its holder. */
static void calls_without_the_lock(void **state)
{
	char *at, *part, *small;

	(void)state;
	assert_int_equal(begin(100, 64 * KIB), 0);
	at = map(NULL, 3 * PAGE, RW, ANON);
	small = at + 2 * PAGE;
	assert_int_equal(call_mprotect(small, BASE, PROT_READ), 0);
	assert_int_equal(huge_at(at, 3 * PAGE), 2);
	fill(at, 2 * PAGE, 1);
	part = at + PAGE - BASE;
	gate_catch_stderr();
	assert_true(lock_take());
	assert_refused(call_mprotect(part, BASE, PROT_READ));
	assert_refused(call_mprotect(at, BASE, PROT_READ));
	assert_refused(call_mprotect(part, 2 * BASE, PROT_READ));
	assert_refused(call_munmap(part, BASE));
	assert_refused(call_mmap(part, BASE, RW, ANON | MAP_FIXED, -1, 0));
	assert_refused(call_mlock(part, 1));
	assert_refused(call_madvise(part, BASE, MADV_DONTFORK));
	assert_refused(call_madvise(part, BASE, MADV_DONTNEED));
	assert_refused(call_madvise(at, PAGE, MADV_DONTNEED));
	assert_refused(call_mremap(at, PAGE, BASE, 0, NULL));
	assert_refused(call_mremap(at, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL));
	assert_refused(call_mremap(small, BASE, BASE, MREMAP_MAYMOVE | MREMAP_FIXED, part));
	assert_int_equal(gate_pool_violations(), 0);
	assert_int_equal(gate_stderr_lines(), 1);
	assert_non_null(strstr(gate_stderr(), "cannot be changed (another thread has held the "
					      "library's lock for a minute)"));
	/* What the kernel does as on small pages. */
	assert_int_equal(call_mprotect(at, PAGE, PROT_READ), 0);
	assert_int_equal(call_mprotect(at, PAGE, RW), 0);
	assert_int_equal(call_mprotect(small, BASE, RW), 0);
	assert_int_equal(call_madvise(part, BASE, MADV_WILLNEED), 0);
	lock_release();
	check(at, 2 * PAGE, 1);
	assert_int_equal(huge_at(at, 3 * PAGE), 2);
	assert_int_equal(call_mprotect(part, BASE, PROT_READ), 0);
	assert_int_equal(huge_at(at, 3 * PAGE), 1);
	unmap(at, 3 * PAGE);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(who_gets_what),
		UNIT_TEST(a_short_pool),
		UNIT_TEST(a_reservation),
		UNIT_TEST(moves),
		UNIT_TEST(packed),
		UNIT_TEST(a_shared_tail_goes),
		UNIT_TEST(calls_without_the_lock),
		UNIT_TEST(every_call_fails_once),
		UNIT_TEST(every_call_of_the_start_fails_once),
	};

	return cmocka_run_group_tests_name("mappings", tests, NULL, NULL);
}
