/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages a feature gets if no size is named, and whether transparent huge pages can be used.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "pages/select.h"
#include "unit.h"

#define M2  ((size_t)2 << 20)
#define THP "/sys/kernel/mm/transparent_hugepage"

static const struct page_sizes sizes = {
	.base = 4096, .thp = M2, .default_huge = M2, .huge = {M2, 512 * M2}, .huge_count = 2};

static void default_sizes(void **state)
{
	static const struct {
		size_t asked, bytes;
	} rows[] = {{0, M2}, {M2, M2}, {512 * M2, 512 * M2}, {2 * M2, M2}, {2 * M2, M2}};
	struct options options = {0};
	size_t bytes;

	(void)state;
	gate_catch_stderr();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		options.default_page_bytes = rows[i].asked;
		assert_int_equal(select_default_bytes(&options, &sizes, &bytes), 0);
		assert_int_equal(bytes, rows[i].bytes);
	}
	assert_int_equal(gate_stderr_lines(), 1);
	options.require = true;
	assert_int_equal(select_default_bytes(&options, &sizes, &bytes), -EINVAL);
	options.default_page_bytes = M2;
	assert_int_equal(select_default_bytes(&options, &sizes, &bytes), 0);
}

static void transparent_huge_pages(void **state)
{
	static const struct {
		const char *setting;
		size_t bytes;
	} rows[] = {{"[always] madvise never\n", M2},
		    {"always [madvise] never\n", M2},
		    {"always madvise [never]\n", 0}};

	(void)state;
	gate_hide_system();
	assert_int_equal(select_thp_bytes(&sizes), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		gate_reset();
		gate_hide_system();
		gate_file(THP "/enabled", rows[i].setting);
		assert_int_equal(select_thp_bytes(&sizes), rows[i].bytes);
	}
}

/* A setting that this process may not read is unknown, not off. */
static void a_setting_that_is_denied(void **state)
{
	struct page_sizes unknown = sizes;

	(void)state;
	gate_fail_always(SYS_openat, EACCES);
	assert_int_equal(select_thp_bytes(&sizes), M2);
	unknown.thp = 0;
	assert_int_equal(select_thp_bytes(&unknown), M2);
}

/* Where /sys is not mounted they are not said to be off. */
static void why_there_are_none(void **state)
{
	(void)state;
	gate_catch_stderr();
	gate_hide_system();
	gate_file(THP "/enabled", "always madvise [never]\n");
	select_log_thp_off("heap", "no pool; ", "the heap stays as it is");
	assert_non_null(strstr(gate_stderr(), "heap: no pool; transparent huge pages are off ("));
	gate_reset();
	gate_catch_stderr();
	gate_hide_system();
	select_log_thp_off("heap", "", "the heap stays as it is");
	assert_non_null(strstr(gate_stderr(), "transparent huge pages cannot be read (ENOENT): "
					      "the heap stays as it is"));
	assert_null(strstr(gate_stderr(), "are off"));
	assert_int_equal(gate_stderr_lines(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(default_sizes),
		UNIT_TEST(transparent_huge_pages),
		UNIT_TEST(a_setting_that_is_denied),
		UNIT_TEST(why_there_are_none),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
