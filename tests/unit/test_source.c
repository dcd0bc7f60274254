/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder of page sources, with a simulated pool.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "pages/source.h"
#include "unit.h"

#define PAGE  (2ul << 20)
#define PAGES 100ul

static const struct source plain_source = {
	.page_bytes = PAGE,
	.hugetlb = true,
	.thp = true,
	.reserve = true,
	.populate = true,
	.populate_write = true,
};

static const struct gate_pool plain_pool = {
	.page_bytes = PAGE,
	.pages = PAGES,
	.populate_limit = SIZE_MAX,
	.populate_error = EFAULT,
};

/* An aligned range that nobody uses; what a test maps there is unmapped by release(). */
static uintptr_t range;

static int setup(void **state)
{
	size_t bytes = (PAGES + 1) * PAGE;
	void *found =
		mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	gate_reset();
	if (found == MAP_FAILED)
		return -1;
	range = ((uintptr_t)found + PAGE - 1) & ~(PAGE - 1);
	return munmap(found, bytes);
}

static int release(void **state)
{
	(void)state;
	gate_reset();
	return munmap((void *)range, PAGES * PAGE);
}

/* Is a byte of the range free to be mapped? */
static bool is_free(uintptr_t address, size_t bytes)
{
	long at =
		sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);

	if (SYS_IS_ERROR(at))
		return false;
	munmap((void *)at, bytes);
	return (uintptr_t)at == address;
}

/* What was given is there to the last page, and nothing is left behind it. */
static void assert_given(size_t given, size_t asked)
{
	assert_true(given <= asked);
	assert_int_equal(gate_pool_mapped(range, given * PAGE), given);
	assert_int_equal(gate_pool_populated(range, given * PAGE), given);
	assert_int_equal(gate_pool_mapped(0, SIZE_MAX), given);
	if (given < asked)
		assert_true(is_free(range + given * PAGE, (asked - given) * PAGE));
}

static void full_pool_in_two_calls(void **state)
{
	struct source source = plain_source;

	(void)state;
	gate_pool(&plain_pool);
	assert_int_equal(source_map_huge(&source, range, PAGES), PAGES);
	assert_given(PAGES, PAGES);
	assert_int_equal(gate_calls(GATE_ANY), 2);
	assert_int_equal(source.short_falls, 0);
	assert_int_equal(source.last_error, 0);
}

static void short_pool_gives_all_it_has(void **state)
{
	(void)state;
	for (size_t pages = 0; pages < PAGES; pages++) {
		struct gate_pool pool = plain_pool;
		struct source source = plain_source;

		gate_reset();
		pool.pages = pages;
		gate_pool(&pool);
		assert_int_equal(source_map_huge(&source, range, PAGES), pages);
		assert_given(pages, PAGES);
		assert_int_equal(source.last_error, -ENOMEM);
		assert_int_equal(source.short_falls, 1);
		/* halvings of 100, and one populating for each piece that was had */
		assert_true(gate_calls(CPU_MMAP_NUMBER) <= 8);
		assert_true(gate_calls(GATE_ANY) <= 16);
		if (pages)
			munmap((void *)range, pages * PAGE);
	}
}

static void cgroup_limit_gives_what_it_allows(void **state)
{
	static const int errors[] = {EFAULT, ENOMEM, EHWPOISON, EAGAIN, EINTR};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		struct gate_pool pool = plain_pool;
		struct source source = plain_source;

		gate_reset();
		pool.populate_limit = 37;
		pool.populate_error = errors[i];
		gate_pool(&pool);
		assert_int_equal(source_map_huge(&source, range, PAGES), 37);
		assert_given(37, PAGES);
		assert_int_equal(source.last_error, -errors[i]);
		munmap((void *)range, 37 * PAGE);
	}
}

static void cgroup_limit_of_nothing(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.populate_limit = 0;
	gate_pool(&pool);
	assert_int_equal(source_map_huge(&source, range, PAGES), 0);
	assert_given(0, PAGES);
	assert_int_equal(source_try(&source), -EFAULT);
	assert_given(0, PAGES);
}

/* A process with as many mappings as it may have can't split one: then none of it is kept. */
static void failing_split_leaves_nothing(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.populate_limit = 37;
	gate_pool(&pool);
	gate_fail(SYS_munmap, 1, ENOMEM);
	assert_int_equal(source_map_huge(&source, range, PAGES), 0);
	assert_given(0, PAGES);
}

static void passing_errors_of_populating_are_retried(void **state)
{
	static const int errors[] = {EAGAIN, EINTR};

	(void)state;
	gate_pool(&plain_pool);
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		struct source source = plain_source;

		gate_fail(SYS_madvise, 1, errors[i]);
		assert_int_equal(source_map_huge(&source, range + 3 * i * PAGE, 3), 3);
		assert_int_equal(source.short_falls, 0);
	}
	assert_int_equal(gate_calls(SYS_madvise), 4);
}

static void without_reservation_takes_what_faults_in(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.pages = 10;
	gate_pool(&pool);
	source.reserve = false;
	assert_int_equal(source_map_huge(&source, range, PAGES), 10);
	assert_given(10, PAGES);
}

static void without_prefault_only_maps(void **state)
{
	struct source source = plain_source;

	(void)state;
	gate_pool(&plain_pool);
	source.populate = false;
	assert_int_equal(source_map_huge(&source, range, PAGES), PAGES);
	assert_int_equal(gate_pool_mapped(range, PAGES * PAGE), PAGES);
	assert_int_equal(gate_pool_populated(range, PAGES * PAGE), 0);
	assert_int_equal(gate_calls(GATE_ANY), 1);
}

static void occupied_address_is_left_alone(void **state)
{
	struct source source = plain_source;
	char *other = mmap((void *)(range + 3 * PAGE), 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	(void)state;
	*other = 'x';
	for (int old_kernel = 0; old_kernel < 2; old_kernel++) {
		struct gate_pool pool = plain_pool;

		pool.no_noreplace = old_kernel;
		gate_pool(&pool);
		assert_int_equal(source_map_huge(&source, range, PAGES), 0);
		assert_int_equal(source.last_error, -EEXIST);
		assert_int_equal(source.skip, 0);
		assert_int_equal(gate_pool_mapped(0, SIZE_MAX), 0);
		assert_int_equal(source_map_small(&source, range, PAGES * PAGE), -EEXIST);
		assert_int_equal(*other, 'x');
		assert_true(is_free(range, 3 * PAGE));
	}
}

static void occupied_behind_a_short_pool_keeps_what_was_had(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.pages = 60;
	gate_pool(&pool);
	/* 100 fail, 50 are had, the next piece meets somebody */
	gate_fail(CPU_MMAP_NUMBER, 3, EEXIST);
	assert_int_equal(source_map_huge(&source, range, PAGES), 50);
	assert_given(50, PAGES);
	assert_int_equal(source.last_error, -EEXIST);
	assert_int_equal(source.skip, 0);
}

static void old_kernel_is_checked_page_by_page(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.no_populate_write = true;
	pool.populate_limit = 42;
	gate_pool(&pool);
	assert_false(source_can_populate_write());
	source.populate_write = false;
	assert_int_equal(source_map_huge(&source, range, PAGES), 42);
	assert_given(42, PAGES);
	assert_int_equal(gate_calls(SYS_mincore), 43);
}

static void old_kernel_in_a_sandbox_gets_no_huge_pages(void **state)
{
	struct source source = plain_source;

	(void)state;
	gate_pool(&plain_pool);
	source.populate_write = false;
	sys_sandboxed = true;
	assert_int_equal(source_map_huge(&source, range, PAGES), 0);
	assert_int_equal(source_try(&source), -EPERM);
	sys_sandboxed = false;
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

static void wrongly_promised_populate_write_gives_nothing(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.no_populate_write = true;
	gate_pool(&pool);
	assert_int_equal(source_map_huge(&source, range, PAGES), 0);
	assert_given(0, PAGES);
	assert_int_equal(source.last_error, -EINVAL);
}

static void hugetlb_off_makes_no_call(void **state)
{
	struct source source = plain_source;

	(void)state;
	source.hugetlb = false;
	assert_int_equal(source_map_huge(&source, range, PAGES), 0);
	source.hugetlb = true;
	assert_int_equal(source_map_huge(&source, range, 0), 0);
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

/* A file on a mount and a memfd: opened, mapped, and closed at once. */
static void files_are_closed(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.pages = 30;
	gate_pool(&pool);
	source.mount = "/gate-huge";
	source.memfd = true;
	assert_int_equal(source_map_huge(&source, range, PAGES), 30);
	assert_given(30, PAGES);
	assert_int_equal(gate_calls(SYS_memfd_create), 0);
	assert_true(gate_calls(SYS_openat) > 0);
	assert_int_equal(gate_calls(SYS_close), gate_calls(SYS_unlinkat));
	/* and once the directory, which is none here, for names that were left there */
	assert_int_equal(gate_calls(SYS_openat), gate_calls(SYS_close) + 1);
	munmap((void *)range, 30 * PAGE);

	gate_reset();
	gate_pool(&pool);
	source = plain_source;
	source.memfd = true;
	assert_int_equal(source_map_huge(&source, range, PAGES), 30);
	assert_given(30, PAGES);
	assert_true(gate_calls(SYS_memfd_create) > 0);
	assert_int_equal(gate_calls(SYS_memfd_create), gate_calls(SYS_close));
	munmap((void *)range, 30 * PAGE);

	gate_reset();
	gate_pool(&pool);
	source = plain_source;
	source.memfd = sys_sandboxed = true;
	source.mount = "/gate-huge";
	assert_int_equal(source_map_huge(&source, range, PAGES), 30);
	sys_sandboxed = false;
	assert_given(30, PAGES);
	assert_int_equal(gate_calls(GATE_ANY),
			 gate_calls(CPU_MMAP_NUMBER) + gate_calls(SYS_madvise));
}

static void name_in_use_leads_to_the_next(void **state)
{
	struct source source = plain_source;

	(void)state;
	gate_pool(&plain_pool);
	source.mount = "/gate-huge";
	gate_fail(SYS_openat, 1, EEXIST);
	assert_int_equal(source_map_huge(&source, range, PAGES), PAGES);
	assert_int_equal(gate_calls(SYS_openat), 2);
	/* a mount where every name is in use is no occupied address: the ladder backs off */
	gate_fail_always(SYS_openat, EEXIST);
	assert_int_equal(source_map_huge(&source, range, PAGES), 0);
	assert_int_equal(source.last_error, -EBUSY);
	assert_int_equal(source.skip, 2);
}

static void try_gives_back(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	gate_pool(&plain_pool);
	assert_int_equal(source_try(&source), 0);
	assert_int_equal(gate_pool_mapped(0, SIZE_MAX), 0);
	pool.pages = 0;
	gate_pool(&pool);
	assert_int_equal(source_try(&source), -ENOMEM);
	assert_int_equal(source.failures, 0);
}

/* Also on a kernel before 5.14, which would be asked whether a page is there that nobody touched.
 */
static void try_without_prefault_touches_nothing(void **state)
{
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	gate_pool(&pool);
	source.populate = false;
	assert_int_equal(source_try(&source), 0);
	assert_int_equal(gate_calls(GATE_ANY), 2);
	pool.no_populate_write = true;
	gate_pool(&pool);
	source.populate_write = false;
	assert_int_equal(source_try(&source), 0);
}

static void small_pages_are_advised(void **state)
{
	struct source source = plain_source;

	(void)state;
	gate_fail_always(SYS_madvise, EINVAL);
	assert_int_equal(source_map_small(&source, range, PAGE), 0);
	assert_int_equal(gate_calls(SYS_madvise), 1);
	*(char *)range = 1;
	source.thp = false;
	assert_int_equal(source_map_small(&source, range + PAGE, PAGE), 0);
	assert_int_equal(gate_calls(SYS_madvise), 1);
	/* where the kernel would have huge ones there, it is advised against them */
	source.thp_unasked = true;
	assert_int_equal(source_map_small(&source, range + 3 * PAGE, PAGE), 0);
	assert_int_equal(gate_calls(SYS_madvise), 2);
	gate_fail(CPU_MMAP_NUMBER, 1, ENOMEM);
	assert_int_equal(source_map_small(&source, range + 2 * PAGE, PAGE), -ENOMEM);
}

static void back_off_grows_and_ends(void **state)
{
	static const unsigned int skipped[] = {2, 4, 8, 16, 32, 32, 32};
	struct gate_pool pool = plain_pool;
	struct source source = plain_source;

	(void)state;
	pool.pages = 0;
	gate_pool(&pool);
	for (size_t i = 0; i < COUNT_OF(skipped); i++) {
		unsigned long calls;

		assert_int_equal(source_map_huge(&source, range, 4), 0);
		assert_int_equal(source.short_falls, i + 1);
		calls = gate_calls(GATE_ANY);
		for (unsigned int skip = 0; skip < skipped[i]; skip++)
			assert_int_equal(source_map_huge(&source, range, 4), 0);
		assert_int_equal(gate_calls(GATE_ANY), calls);
	}
	/* the pool has grown: it is used again, and the next failure is a first one */
	gate_pool(&plain_pool);
	assert_int_equal(source_map_huge(&source, range, 4), 4);
	assert_int_equal(source.failures, 0);
	gate_pool(&pool);
	assert_int_equal(source_map_huge(&source, range + 4 * PAGE, 4), 0);
	assert_int_equal(source.skip, 2);
}

/* The kernel's security module decides once: each refusal would be a line in the audit log. */
static void denied_pages_are_asked_for_once(void **state)
{
	struct source source = plain_source;
	unsigned long calls;

	(void)state;
	gate_pool(&plain_pool);
	gate_fail(CPU_MMAP_NUMBER, 1, EACCES);
	assert_int_equal(source_map_huge(&source, range, 4), 0);
	assert_int_equal(source.last_error, -EACCES);
	assert_int_equal(source.short_falls, 1);
	calls = gate_calls(GATE_ANY);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(source_map_huge(&source, range, 4), 0);
	assert_int_equal(gate_calls(GATE_ANY), calls);
}

/*
 * Every system call fails once, with each error, on each way of getting pages: what is given is
 * always there, and nothing else stays mapped unless it was munmap that failed.
 */
static void every_call_fails_once(void **state)
{
	static const int errors[] = {ENOMEM, EINVAL, EPERM, EAGAIN, EINTR, ENOSYS, EFAULT, EMFILE};
	unsigned long runs = 0;

	(void)state;
	for (int way = 0; way < 8; way++) {
		for (size_t i = 0; i < COUNT_OF(errors); i++) {
			for (unsigned long nth = 1;; nth++) {
				struct gate_pool pool = plain_pool;
				struct source source = plain_source;
				size_t given;
				unsigned long calls;

				pool.pages = 23;
				pool.populate_limit = 20;
				pool.no_populate_write = way & 1;
				source.populate_write = !(way & 1);
				source.mount = way & 2 ? "/gate-huge" : NULL;
				source.memfd = way & 4;
				gate_reset();
				gate_pool(&pool);
				gate_fail(GATE_ANY, nth, errors[i]);
				given = source_map_huge(&source, range, 32);
				assert_true(given <= 20);
				assert_int_equal(gate_pool_populated(range, given * PAGE), given);
				assert_int_equal(source.short_falls, 1);
				assert_true(source.last_error < 0);
				if (!source_map_small(&source, range + given * PAGE,
						      (32 - given) * PAGE))
					assert_int_equal(gate_pool_mapped(0, SIZE_MAX), given);
				else
					assert_true(gate_pool_mapped(0, SIZE_MAX) <= 32);
				calls = gate_calls(GATE_ANY);
				munmap((void *)range, 32 * PAGE);
				runs++;
				if (nth > calls)
					break;
			}
		}
	}
	assert_true(runs > 8 * COUNT_OF(errors) * 8);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_pool_in_two_calls),
		TEST(short_pool_gives_all_it_has),
		TEST(cgroup_limit_gives_what_it_allows),
		TEST(cgroup_limit_of_nothing),
		TEST(failing_split_leaves_nothing),
		TEST(passing_errors_of_populating_are_retried),
		TEST(without_reservation_takes_what_faults_in),
		TEST(without_prefault_only_maps),
		TEST(occupied_address_is_left_alone),
		TEST(occupied_behind_a_short_pool_keeps_what_was_had),
		TEST(old_kernel_is_checked_page_by_page),
		TEST(old_kernel_in_a_sandbox_gets_no_huge_pages),
		TEST(wrongly_promised_populate_write_gives_nothing),
		TEST(hugetlb_off_makes_no_call),
		TEST(files_are_closed),
		TEST(name_in_use_leads_to_the_next),
		TEST(try_gives_back),
		TEST(try_without_prefault_touches_nothing),
		TEST(small_pages_are_advised),
		TEST(back_off_grows_and_ends),
		TEST(denied_pages_are_asked_for_once),
		TEST(every_call_fails_once),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
