/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The groups that /proc/PID/cgroup names, of both versions, and the groups above them.
 */
#include "proc/cgroup.h"
#include "proc/memory_limit.h"
#include "unit.h"

#define LINES                                                                                   \
	"12:cpuset:/set\n5:cpu,hugetlb,pids:/a/b\n4:memory:/\n3:hugetlb2:/no\n1:name=systemd:/" \
	"s.slice\n0::/x/y.scope"

static void groups_of_controllers(void **state)
{
	static const struct {
		const char *controller, *mount, *path;
	} rows[] = {
		{"hugetlb", "/m", "/m/a/b"}, {"pids", "/m", "/m/a/b"},
		{"cpu", "/m", "/m/a/b"},     {"memory", "/m", "/m"},
		{"", "/m", "/m/x/y.scope"},  {"name=systemd", "", "/s.slice"},
		{"huge", "/m", NULL},        {"devices", "/m", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cgroup group;

		assert_int_equal(cgroup_find(&group, LINES, rows[i].controller, rows[i].mount),
				 rows[i].path != NULL);
		if (rows[i].path)
			assert_string_equal(group.path, rows[i].path);
	}
}

static void groups_above(void **state)
{
	struct cgroup group;

	(void)state;
	assert_true(cgroup_find(&group, LINES, "hugetlb", "/m"));
	assert_true(cgroup_up(&group));
	assert_string_equal(group.path, "/m/a");
	assert_true(cgroup_up(&group));
	assert_string_equal(group.path, "/m");
	assert_false(cgroup_up(&group));
}

static void lines_that_do_not_serve(void **state)
{
	static const char *const texts[] = {
		"", "\n", "4", "4:", "4:memory", "4:memory:", "memory\n:"};
	struct cgroup group;
	char text[700] = "4:memory:/";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_false(cgroup_find(&group, texts[i], "memory", "/m"));
	for (size_t i = 10; i < sizeof(text) - 1; i++)
		text[i] = 'a';
	assert_false(cgroup_find(&group, text, "memory", "/m"));
	/* outside the namespace of this process: the root is all that can be seen */
	assert_true(cgroup_find(&group, "0::/../../other\n", "", "/m"));
	assert_string_equal(group.path, "/m");
}

static void size_names(void **state)
{
	static const struct {
		size_t bytes;
		const char *name;
	} rows[] = {{64 << 10, "64KB"}, {2 << 20, "2MB"}, {1 << 30, "1GB"}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char name[16];

		cgroup_size_name(rows[i].bytes, name, sizeof(name));
		assert_string_equal(name, rows[i].name);
	}
}

/* Controllers of version 1 may share a tree: then their names are in one line. */
static void memory_limit_of_a_shared_tree(void **state)
{
	(void)state;
	gate_hide_system();
	gate_file("/proc/self/cgroup", "7:cpu,memory:/a/b\n");
	gate_file("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "104857600\n");
	gate_file("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "94371840\n");
	assert_true(memory_limit_allows(1 << 20));
	assert_false(memory_limit_allows(64 << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(groups_of_controllers),         UNIT_TEST(groups_above),
		UNIT_TEST(lines_that_do_not_serve),       UNIT_TEST(size_names),
		UNIT_TEST(memory_limit_of_a_shared_tree),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
