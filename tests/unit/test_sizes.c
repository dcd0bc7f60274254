/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page sizes, THP settings and pools, from a /proc and a /sys made by the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/stream.h"
#include "base/sys.h"
#include "pages/pool.h"
#include "pages/sizes.h"
#include "unit.h"

#define HUGE   "/sys/kernel/mm/hugepages"
#define THP    "/sys/kernel/mm/transparent_hugepage"
#define KIB(n) ((size_t)(n) << 10)

static struct page_sizes sizes;

static int setup(void **state)
{
	(void)state;
	gate_reset();
	gate_hide_system();
	memset(&sizes, 0x55, sizeof(sizes));
	return 0;
}

static void common_machine(void **state)
{
	static const char *const names[] = {".", "..", "hugepages-1048576kB", "hugepages-2048kB"};

	(void)state;
	gate_directory(HUGE, names, COUNT_OF(names));
	gate_file("/proc/meminfo",
		  "MemTotal:       24000000 kB\nHugepagesize:       2048 kB\nHugetlb: 0 kB\n");
	gate_file(THP "/hpage_pmd_size", "2097152\n");
	sizes_read(&sizes, 4096);
	assert_int_equal(sizes.base, 4096);
	assert_int_equal(sizes.thp, KIB(2048));
	assert_int_equal(sizes.default_huge, KIB(2048));
	assert_int_equal(sizes.huge_count, 2);
	assert_int_equal(sizes.huge[0], KIB(2048));
	assert_int_equal(sizes.huge[1], KIB(1048576));
	assert_true(sizes_have(&sizes, KIB(1048576)));
	assert_false(sizes_have(&sizes, 4096));
	assert_false(sizes_have(&sizes, 0));
}

static void nothing_mounted(void **state)
{
	(void)state;
	sizes_read(&sizes, 65536);
	assert_int_equal(sizes.base, 65536);
	assert_int_equal(sizes.thp, 0);
	assert_int_equal(sizes.default_huge, 0);
	assert_int_equal(sizes.huge_count, 0);
	assert_int_equal(sizes_thp_mode(sizes_thp()), THP_NONE);
}

static void no_sys_but_proc(void **state)
{
	(void)state;
	gate_file("/proc/meminfo", "Hugepagesize:     524288 kB\n");
	sizes_read(&sizes, 65536);
	assert_int_equal(sizes.default_huge, KIB(524288));
	assert_int_equal(sizes.huge_count, 1);
	assert_int_equal(sizes.huge[0], KIB(524288));
}

static void no_hugetlb_in_the_kernel(void **state)
{
	(void)state;
	gate_file("/proc/meminfo", "MemTotal: 1 kB\nAnonHugePages: 0 kB");
	gate_file(THP "/hpage_pmd_size", "2097152\n");
	sizes_read(&sizes, 4096);
	assert_int_equal(sizes.huge_count, 0);
	assert_int_equal(sizes.default_huge, 0);
	assert_int_equal(sizes.thp, KIB(2048));
}

/* The default size stands behind 40 kB of other lines, one of them long. */
static void long_meminfo(void **state)
{
	static char text[50000];
	size_t used = 0;

	(void)state;
	while (used < 40000)
		used += (size_t)sprintf(text + used, "Something%zu:   123 kB\n", used);
	memset(text + used, 'x', 3000);
	strcpy(text + used + 3000, "\nHugepagesize:\t2048 kB\n");
	gate_file("/proc/meminfo", text);
	sizes_read(&sizes, 4096);
	assert_int_equal(sizes.default_huge, KIB(2048));
}

static void garbage_in_meminfo(void **state)
{
	static const char *const lines[] = {
		"Hugepagesize:\n",          "Hugepagesize: kB\n",
		"Hugepagesize: 2048\n",     "Hugepagesize: -2048 kB\n",
		"Hugepagesize: 3000 kB\n",  "Hugepagesize: 0 kB\n",
		"XHugepagesize: 2048 kB\n", "Hugepagesize: 99999999999999999999 kB\n",
		"Hugepagesize: 2048 MB\n",  "Hugepagesize: 9999999999999999999999999999999 kB\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		setup(NULL);
		gate_file("/proc/meminfo", lines[i]);
		sizes_read(&sizes, 4096);
		assert_int_equal(sizes.huge_count, 0);
		assert_int_equal(sizes.default_huge, 0);
	}
}

static void garbage_in_sys(void **state)
{
	static const char *const names[] = {
		"hugepages-",     "hugepages-kB",
		"hugepages-64",   "hugepages-64kBx",
		"hugepages-3kB",  "hugepages-99999999999999999999kB",
		"hugepages--1kB", "x",
		"hugepages-64kB", "hugepages-64kB",
	};

	(void)state;
	gate_directory(HUGE, names, COUNT_OF(names));
	gate_file(THP "/hpage_pmd_size", "x\n");
	sizes_read(&sizes, 4096);
	assert_int_equal(sizes.huge_count, 1);
	assert_int_equal(sizes.huge[0], KIB(64));
	assert_int_equal(sizes.thp, 0);
}

/* More names than one getdents64 gives, and more sizes than there is room for. */
static void many_sizes(void **state)
{
	static char texts[40][32];
	const char *names[COUNT_OF(texts)];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(texts[i], sizeof(texts[i]), "hugepages-%lukB", 1ul << (i * 7 % 20));
		names[i] = texts[i];
	}
	gate_directory(HUGE, names, COUNT_OF(names));
	sizes_read(&sizes, 4096);
	assert_true(gate_calls(SYS_getdents64) > 2);
	assert_int_equal(sizes.huge_count, PAGES_SIZES_MAX);
	for (int i = 1; i < sizes.huge_count; i++)
		assert_true(sizes.huge[i] > sizes.huge[i - 1]);
}

static void every_call_fails_once(void **state)
{
	static const char *const names[] = {"hugepages-2048kB"};
	enum thp_mode mode;

	(void)state;
	for (unsigned long nth = 1;; nth++) {
		setup(NULL);
		gate_directory(HUGE, names, COUNT_OF(names));
		gate_file("/proc/meminfo", "Hugepagesize: 2048 kB\n");
		gate_file(THP "/hpage_pmd_size", "2097152\n");
		gate_file(THP "/enabled", "always [madvise] never\n");
		gate_fail(GATE_ANY, nth, EIO);
		sizes_read(&sizes, 4096);
		/* either place names the size */
		assert_int_equal(sizes.huge_count, 1);
		assert_int_equal(sizes.huge[0], KIB(2048));
		mode = sizes_thp_mode(sizes_thp());
		assert_true(mode == THP_MADVISE || mode == THP_NONE);
		if (gate_calls(GATE_ANY) < nth)
			break;
	}
	assert_int_equal(mode, THP_MADVISE);
}

static void interrupted_read_goes_on(void **state)
{
	(void)state;
	gate_file("/proc/meminfo", "Hugepagesize: 2048 kB\n");
	gate_fail(SYS_read, 1, EINTR);
	sizes_read(&sizes, 4096);
	assert_int_equal(sizes.default_huge, KIB(2048));
}

static void thp_words(void **state)
{
	static const struct {
		const char *common, *own;
		enum thp_mode mode;
	} cases[] = {
		{"[always] madvise never\n", NULL, THP_ALWAYS},
		{"always [madvise] never\n", NULL, THP_MADVISE},
		{"always madvise [never]\n", NULL, THP_NEVER},
		{"always madvise never\n", NULL, THP_NONE},
		{"[always", NULL, THP_NONE},
		{"[other]", NULL, THP_NONE},
		{"", NULL, THP_NONE},
		{"always madvise [never]\n", "[always] inherit madvise never\n", THP_ALWAYS},
		{"[always] madvise never\n", "always inherit madvise [never]\n", THP_NEVER},
		{"always [madvise] never\n", "always [inherit] madvise never\n", THP_MADVISE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		setup(NULL);
		gate_file(THP "/hpage_pmd_size", "2097152\n");
		gate_file(THP "/enabled", cases[i].common);
		if (cases[i].own)
			gate_file(THP "/hugepages-2048kB/enabled", cases[i].own);
		assert_int_equal(sizes_thp_mode(sizes_thp()), cases[i].mode);
	}
}

static void log_names_sizes_and_mounts(void **state)
{
	(void)state;
	gate_file("/proc/mounts", "none /dev/hugepages hugetlbfs rw 0 0\n");
	gate_filesystem("/dev/hugepages", 0x958458f6, KIB(2048), 0);
	sizes = (struct page_sizes){.base = 4096,
				    .default_huge = KIB(2048),
				    .huge = {KIB(2048), KIB(1048576)},
				    .huge_count = 2};
	gate_catch_stderr();
	sizes_log(&sizes);
	assert_int_equal(gate_calls(GATE_ANY), 0);
	log_set_level(LOG_INFO);
	sizes_log(&sizes);
	log_set_level(LOG_WARNING);
	assert_int_equal(gate_stderr_lines(), 5);
	assert_non_null(strstr(gate_stderr(), "INFO: Found pagesize 2048 kB\n"));
	assert_non_null(strstr(gate_stderr(), "INFO: Detected page sizes:\n"));
	assert_non_null(
		strstr(gate_stderr(), "INFO:    Size: 2048 kB (default)  Mount: /dev/hugepages\n"));
	assert_non_null(strstr(gate_stderr(), "INFO:    Size: 1048576 kB  Mount: none\n"));
}

static void make_pool(const char *total, const char *available, const char *reserved,
		      const char *surplus, const char *overcommit)
{
	setup(NULL);
	gate_file(HUGE "/hugepages-2048kB/nr_hugepages", total);
	gate_file(HUGE "/hugepages-2048kB/free_hugepages", available);
	gate_file(HUGE "/hugepages-2048kB/resv_hugepages", reserved);
	gate_file(HUGE "/hugepages-2048kB/surplus_hugepages", surplus);
	gate_file(HUGE "/hugepages-2048kB/nr_overcommit_hugepages", overcommit);
}

static void pool_counts(void **state)
{
	struct pool pool;

	(void)state;
	make_pool("100\n", "40\n", "10\n", "3\n", "7");
	assert_int_equal(pool_read(KIB(2048), &pool), 0);
	assert_int_equal(pool.total, 100);
	assert_int_equal(pool.available, 40);
	assert_int_equal(pool.reserved, 10);
	assert_int_equal(pool.surplus, 3);
	assert_int_equal(pool.overcommit, 7);
	assert_int_equal(pool_obtainable(&pool), 34);
	assert_int_equal(pool_read(KIB(1048576), &pool), -ENOENT);
	make_pool("100\n", "x\n", "10\n", "3\n", "7\n");
	assert_int_equal(pool_read(KIB(2048), &pool), -EINVAL);
	make_pool("", "1", "1", "1", "1");
	assert_int_equal(pool_read(KIB(2048), &pool), -EINVAL);
	make_pool("99999999999999999999999\n", "1", "1", "1", "1");
	assert_int_equal(pool_read(KIB(2048), &pool), -ERANGE);
}

/* A count of reservations that wrapped below zero is none; one that is not covered stays. */
static void pool_reserved_below_zero(void **state)
{
	struct pool pool;

	(void)state;
	make_pool("100\n", "40\n", "18446744073709551614\n", "3\n", "3");
	assert_int_equal(pool_read(KIB(2048), &pool), 0);
	assert_int_equal(pool.reserved, 0);
	assert_int_equal(pool_obtainable(&pool), 40);
	assert_false(pool_is_empty(KIB(2048)));
	make_pool("100\n", "40\n", "99999999999999999999999\n", "3\n", "3");
	assert_int_equal(pool_read(KIB(2048), &pool), 0);
	assert_int_equal(pool_obtainable(&pool), 40);
	make_pool("100\n", "40\n", "100\n", "3\n", "3");
	assert_int_equal(pool_read(KIB(2048), &pool), 0);
	assert_int_equal(pool.reserved, 100);
	assert_true(pool_is_empty(KIB(2048)));
}

static void pool_empty_or_not(void **state)
{
	(void)state;
	make_pool("100\n", "40\n", "10\n", "x\n", "x\n");
	assert_false(pool_is_empty(KIB(2048)));
	assert_int_equal(gate_calls(SYS_openat), 2);
	make_pool("100\n", "10\n", "10\n", "3\n", "7\n");
	assert_false(pool_is_empty(KIB(2048)));
	make_pool("100\n", "10\n", "10\n", "7\n", "7\n");
	assert_true(pool_is_empty(KIB(2048)));
	make_pool("0\n", "0\n", "0\n", "0\n", "0\n");
	assert_true(pool_is_empty(KIB(2048)));
	/* what can't be read is not said to be empty */
	for (unsigned long nth = 1; nth <= 4; nth++) {
		make_pool("0\n", "0\n", "0\n", "0\n", "0\n");
		gate_fail(SYS_openat, nth, EACCES);
		assert_false(pool_is_empty(KIB(2048)));
	}
	assert_false(pool_is_empty(KIB(1048576)));
}

static void pool_reading_fails(void **state)
{
	struct pool pool;

	(void)state;
	for (unsigned long nth = 1; nth <= 5; nth++) {
		make_pool("1", "1", "1", "1", "1");
		gate_fail(SYS_openat, nth, EACCES);
		assert_int_equal(pool_read(KIB(2048), &pool), -EACCES);
		make_pool("1", "1", "1", "1", "1");
		gate_fail(SYS_read, 2 * nth - 1, EIO);
		assert_int_equal(pool_read(KIB(2048), &pool), -EIO);
		assert_int_equal(gate_calls(SYS_openat), gate_calls(SYS_close));
	}
}

static void obtainable_never_wraps(void **state)
{
	struct pool pool = {.available = 5, .reserved = 9, .surplus = 4, .overcommit = 2};

	(void)state;
	assert_int_equal(pool_obtainable(&pool), 0);
	pool = (struct pool){.available = ULONG_MAX, .overcommit = 2};
	assert_true(pool_obtainable(&pool) == ULONG_MAX);
}

static void lines_are_cut_one_by_one(void **state)
{
	struct stream stream;
	char line[4];

	(void)state;
	gate_file("/proc/x", "ab\n\nabcdef\nlast");
	assert_int_equal(stream_open(&stream, "/proc/none"), -ENOENT);
	assert_int_equal(stream_open(&stream, "/proc/x"), 0);
	assert_true(stream_line(&stream, line, sizeof(line)));
	assert_string_equal(line, "ab");
	assert_true(stream_line(&stream, line, sizeof(line)));
	assert_string_equal(line, "");
	assert_true(stream_line(&stream, line, sizeof(line)));
	assert_string_equal(line, "abc");
	assert_true(stream_line(&stream, line, sizeof(line)));
	assert_string_equal(line, "las");
	assert_false(stream_line(&stream, line, sizeof(line)));
	stream_close(&stream);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(common_machine),
		TEST(nothing_mounted),
		TEST(no_sys_but_proc),
		TEST(no_hugetlb_in_the_kernel),
		TEST(long_meminfo),
		TEST(garbage_in_meminfo),
		TEST(garbage_in_sys),
		TEST(many_sizes),
		TEST(every_call_fails_once),
		TEST(interrupted_read_goes_on),
		TEST(thp_words),
		TEST(log_names_sizes_and_mounts),
		TEST(pool_counts),
		TEST(pool_reserved_below_zero),
		TEST(pool_empty_or_not),
		TEST(pool_reading_fails),
		TEST(obtainable_never_wraps),
		TEST(lines_are_cut_one_by_one),
	};

	return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}
