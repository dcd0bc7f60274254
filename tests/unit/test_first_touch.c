/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When memory may be left to its first touch, on machines with one and with several NUMA nodes.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "pages/first_touch.h"
#include "unit.h"

#define HUGE       (2ul << 20)
#define HAS_MEMORY "/sys/devices/system/node/has_memory"
#define GROUPS     "/proc/self/cgroup"
#define V1         "/sys/fs/cgroup/hugetlb"
#define V2         "/sys/fs/cgroup"

/* The machine of the test may have one node: named twice, it stands for two. */
static void make_machine(const char *nodes, const char *groups)
{
	gate_reset();
	gate_hide_system();
	gate_file(HAS_MEMORY, nodes);
	gate_file(GROUPS, groups);
	first_touch_start();
}

static int setup(void **state)
{
	(void)state;
	make_machine("0,0\n", "0::/\n");
	return 0;
}

static void several_nodes(void **state)
{
	(void)state;
	assert_true(first_touch_places(HUGE));
	gate_reset();
	gate_hide_system();
	gate_file(HAS_MEMORY, "0,0\n");
	assert_true(first_touch_places(HUGE));
}

static void limit_of_a_group_above(void **state)
{
	(void)state;
	make_machine("0,0\n", "1:name=systemd:/x\n0::/a/b\n");
	gate_file(V2 "/a/b/hugetlb.2MB.max", "max\n");
	assert_true(first_touch_places(HUGE));
	gate_file(V2 "/a/hugetlb.2MB.max", "20971520\n");
	assert_false(first_touch_places(HUGE));
	assert_true(first_touch_places(HUGE << 9));
	gate_file(V2 "/hugetlb.1GB.max", "0\n");
	assert_false(first_touch_places(HUGE << 9));
}

static void limit_of_version_1(void **state)
{
	(void)state;
	make_machine("0,0\n", "12:cpuset:/\n5:hugetlb:/a\n");
	gate_file(V1 "/a/hugetlb.2MB.limit_in_bytes", "9223372036854771712\n");
	assert_true(first_touch_places(HUGE));
	gate_file(V1 "/hugetlb.2MB.limit_in_bytes", "20971520\n");
	assert_false(first_touch_places(HUGE));
}

static void node_that_is_not_allowed(void **state)
{
	(void)state;
	make_machine("0,4000-4095\n", "0::/\n");
	assert_false(first_touch_places(HUGE));
	make_machine("0,4096\n", "0::/\n");
	assert_false(first_touch_places(HUGE));
}

static void policies_that_cannot_be_asked(void **state)
{
	(void)state;
	gate_fail_always(SYS_get_mempolicy, ENOSYS);
	assert_false(first_touch_places(HUGE));
}

/* Nothing is read at the start; once it is known, a growth makes no call more. */
static void one_node(void **state)
{
	(void)state;
	gate_reset();
	first_touch_start();
	assert_int_equal(gate_calls(GATE_ANY), 0);
	make_machine("0\n", "0::/\n");
	assert_false(first_touch_places(HUGE));
	gate_reset();
	assert_false(first_touch_places(HUGE));
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_nodes),
		TEST(limit_of_a_group_above),
		TEST(limit_of_version_1),
		TEST(node_that_is_not_allowed),
		TEST(policies_that_cannot_be_asked),
		TEST(one_node),
	};

	return cmocka_run_group_tests_name("first_touch", tests, NULL, NULL);
}
