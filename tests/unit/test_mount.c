/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hugetlbfs is found in a /proc/mounts made by the test.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "pages/mount.h"
#include "unit.h"

#define MAGIC 0x958458f6
#define M2    (2l << 20)
#define G1    (1l << 30)

static char path[4096];

static int setup(void **state)
{
	(void)state;
	gate_reset();
	gate_hide_system();
	memset(path, 'x', sizeof(path));
	return 0;
}

static void assert_found(size_t page_bytes, const char *expected)
{
	assert_int_equal(mount_find(page_bytes, NULL, path, sizeof(path)), 0);
	assert_string_equal(path, expected);
	assert_int_equal(gate_calls(SYS_openat), gate_calls(SYS_close));
}

static void assert_none(size_t page_bytes, int error)
{
	assert_int_equal(mount_find(page_bytes, NULL, path, sizeof(path)), error);
	assert_string_equal(path, "");
}

static void picks_by_size(void **state)
{
	(void)state;
	gate_file("/proc/mounts", "proc /proc proc rw 0 0\n"
				  "hugetlbfs /dev/hugepages hugetlbfs rw,relatime 0 0\n"
				  "none /mnt/1g hugetlbfs rw,pagesize=1024M 0 0\n"
				  "none /mnt/other2m hugetlbfs rw,pagesize=2M 0 0\n");
	gate_filesystem("/dev/hugepages", MAGIC, M2, 0);
	gate_filesystem("/mnt/1g", MAGIC, G1, 0);
	gate_filesystem("/mnt/other2m", MAGIC, M2, 0);
	assert_found((size_t)M2, "/dev/hugepages");
	assert_found((size_t)G1, "/mnt/1g");
	assert_none(65536, -ENOENT);
}

static void no_proc(void **state)
{
	(void)state;
	assert_none((size_t)M2, -ENOENT);
}

static void empty_or_torn_table(void **state)
{
	static const char *const tables[] = {
		"",
		"\n",
		"\n\n",
		"a",
		"a\n",
		"a b",
		"a b\n",
		"a  hugetlbfs\n",
		"a /b hugetlbf\n",
		"a /b hugetlbfsx\n",
		"hugetlbfs\n",
		"hugetlbfs hugetlbfs",
		"a /b\\04 hugetlbfs rw 0 0\n",
		"a /b\\",
		"a /b\\9",
		"a /b\\777777 c",
		"a \\9/b hugetlbfs rw 0 0\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		setup(NULL);
		gate_file("/proc/mounts", tables[i]);
		gate_filesystem("/b", MAGIC, M2, 0);
		gate_filesystem("", MAGIC, M2, 0);
		gate_filesystem("\377/b", MAGIC, M2, 0);
		assert_none((size_t)M2, -ENOENT);
	}
}

static void last_line_without_newline(void **state)
{
	(void)state;
	gate_file("/proc/mounts", "none /b hugetlbfs");
	gate_filesystem("/b", MAGIC, M2, 0);
	assert_found((size_t)M2, "/b");
}

static void overlay_line_of_many_pages(void **state)
{
	static char table[70000];
	size_t used;

	(void)state;
	strcpy(table, "overlay /merged overlay rw,lowerdir=");
	used = strlen(table);
	memset(table + used, 'l', 60000);
	strcpy(table + used + 60000, " 0 0\nnone /huge hugetlbfs rw 0 0\n");
	gate_file("/proc/mounts", table);
	gate_filesystem("/huge", MAGIC, M2, 0);
	assert_found((size_t)M2, "/huge");
}

static void mount_point_too_long_is_skipped(void **state)
{
	static char table[10000] = "none /";

	(void)state;
	memset(table + 6, 'p', 5000);
	strcpy(table + 5006, " hugetlbfs rw 0 0\nnone /huge hugetlbfs rw 0 0\n");
	gate_file("/proc/mounts", table);
	gate_filesystem("/huge", MAGIC, M2, 0);
	assert_found((size_t)M2, "/huge");
}

static void path_of_the_callers_size(void **state)
{
	char small[6];

	(void)state;
	gate_file("/proc/mounts", "none /huge hugetlbfs rw 0 0\n");
	gate_filesystem("/huge", MAGIC, M2, 0);
	assert_int_equal(mount_find((size_t)M2, NULL, small, 6), 0);
	assert_string_equal(small, "/huge");
	assert_int_equal(mount_find((size_t)M2, NULL, small, 5), -ENOENT);
	assert_string_equal(small, "");
	assert_int_equal(mount_find((size_t)M2, NULL, small, 0), -EINVAL);
	assert_int_equal(mount_find((size_t)M2, "/huge", small, 5), -ENAMETOOLONG);
	assert_int_equal(mount_find((size_t)M2, "/huge", small, 6), 0);
	assert_string_equal(small, "/huge");
}

static void names_are_unescaped(void **state)
{
	(void)state;
	gate_file("/proc/mounts",
		  "//server/a\\040b /mnt\\040a\\011b\\134c\\012 hugetlbfs rw 0 0\n");
	gate_filesystem("/mnt a\tb\\c\n", MAGIC, M2, 0);
	assert_found((size_t)M2, "/mnt a\tb\\c\n");
}

static void name_alone_is_no_type(void **state)
{
	(void)state;
	gate_file("/proc/mounts", "hugetlbfs /a ext4 rw 0 0\nhugetlbfs /hugetlbfs tmpfs rw 0 0\n");
	gate_filesystem("/a", MAGIC, M2, 0);
	gate_filesystem("/hugetlbfs", MAGIC, M2, 0);
	assert_none((size_t)M2, -ENOENT);
}

/* Another file system lies over the mount point. */
static void hidden_mount_is_passed_over(void **state)
{
	(void)state;
	gate_file("/proc/mounts", "none /a hugetlbfs rw 0 0\nnone /b hugetlbfs rw 0 0\n");
	gate_filesystem("/a", 0x01021994, M2, 0);
	gate_filesystem("/b", MAGIC, M2, 0);
	assert_found((size_t)M2, "/b");
}

static void mount_that_may_not_be_written(void **state)
{
	(void)state;
	gate_file("/proc/mounts", "none /a hugetlbfs rw 0 0\n");
	gate_filesystem("/a", MAGIC, M2, EACCES);
	assert_none((size_t)M2, -EACCES);
	setup(NULL);
	gate_file("/proc/mounts", "none /a hugetlbfs ro 0 0\nnone /b hugetlbfs rw 0 0\n");
	gate_filesystem("/a", MAGIC, M2, EROFS);
	gate_filesystem("/b", MAGIC, M2, 0);
	assert_found((size_t)M2, "/b");
}

static void wanted_mount_is_checked(void **state)
{
	(void)state;
	gate_filesystem("/good", MAGIC, M2, 0);
	gate_filesystem("/readonly", MAGIC, M2, EROFS);
	gate_filesystem("/tmpfs", 0x01021994, M2, 0);
	assert_int_equal(mount_find((size_t)M2, "/good", path, sizeof(path)), 0);
	assert_string_equal(path, "/good");
	assert_int_equal(mount_find((size_t)G1, "/good", path, sizeof(path)), -EINVAL);
	assert_string_equal(path, "");
	assert_int_equal(mount_find((size_t)M2, "/readonly", path, sizeof(path)), -EACCES);
	assert_int_equal(mount_find((size_t)M2, "/tmpfs", path, sizeof(path)), -EINVAL);
	assert_int_equal(mount_find((size_t)M2, "/gate/none", path, sizeof(path)), -ENOENT);
	assert_int_equal(mount_find((size_t)M2, "", path, sizeof(path)), -ENOENT);
	assert_string_equal(path, "");
}

/* The kernel's own answer for a file system that is everywhere. */
static void real_statfs_is_understood(void **state)
{
	struct statfs64 filesystem;

	(void)state;
	gate_reset();
	assert_int_equal(sys_statfs("/proc", &filesystem), 0);
	assert_int_equal((uint32_t)filesystem.f_type, 0x9fa0);
	assert_int_equal(mount_find(4096, "/proc", path, sizeof(path)), -EINVAL);
}

static void every_call_fails_once(void **state)
{
	(void)state;
	for (unsigned long nth = 1;; nth++) {
		int result;

		setup(NULL);
		gate_file("/proc/mounts", "none /a hugetlbfs rw 0 0\nnone /b hugetlbfs rw 0 0\n");
		gate_filesystem("/a", MAGIC, M2, 0);
		gate_filesystem("/b", MAGIC, M2, 0);
		gate_fail(GATE_ANY, nth, EIO);
		result = mount_find((size_t)M2, NULL, path, sizeof(path));
		if (gate_calls(GATE_ANY) < nth) {
			assert_int_equal(result, 0);
			break;
		}
		if (!result)
			assert_true(!strcmp(path, "/a") || !strcmp(path, "/b"));
		else
			assert_string_equal(path, "");
	}
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(picks_by_size),
		TEST(no_proc),
		TEST(empty_or_torn_table),
		TEST(last_line_without_newline),
		TEST(overlay_line_of_many_pages),
		TEST(mount_point_too_long_is_skipped),
		TEST(path_of_the_callers_size),
		TEST(names_are_unescaped),
		TEST(name_alone_is_no_type),
		TEST(hidden_mount_is_passed_over),
		TEST(mount_that_may_not_be_written),
		TEST(wanted_mount_is_checked),
		TEST(real_statfs_is_understood),
		TEST(every_call_fails_once),
	};

	return cmocka_run_group_tests_name("mount", tests, NULL, NULL);
}
