/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Others need memory where the pool is empty, or where tasks wait for memory, by files of the test.
 */
#include <time.h>

#include "base/sys.h"
#include "pages/pressure.h"
#include "unit.h"

#define HUGE    (2ul << 20)
#define POOL    "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define CALM    "some avg10=9.99 avg60=50.00 avg300=0.00 total=1\nfull avg10=0.00\n"
#define WAITING "some avg10=10.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00\n"

static void a_tenth_of_the_time(void **state)
{
	(void)state;
	assert_false(pressure_is_high(CALM));
	assert_true(pressure_is_high(WAITING));
	assert_true(pressure_is_high("some avg10=100.00 avg60=0.00\n"));
	assert_false(pressure_is_high("full avg10=99.00\n"));
	assert_false(pressure_is_high(""));
}

static void make_machine(const char *free_pages, const char *machine, const char *group)
{
	gate_reset();
	gate_hide_system();
	gate_file(POOL "free_hugepages", free_pages);
	gate_file(POOL "resv_hugepages", "0\n");
	gate_file(POOL "surplus_hugepages", "0\n");
	gate_file(POOL "nr_overcommit_hugepages", "0\n");
	gate_file("/proc/pressure/memory", machine);
	gate_file("/proc/self/cgroup", "1:name=systemd:/x\n0::/a\n");
	gate_file("/sys/fs/cgroup/a/memory.pressure", group);
	/* the last answer holds for a tenth of a second */
	nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
}

static void each_of_the_signs(void **state)
{
	long reads = 1;
	bool pressure = false;

	(void)state;
	make_machine("7\n", CALM, CALM);
	assert_false(pressure_now(HUGE));
	make_machine("0\n", CALM, CALM);
	assert_true(pressure_now(HUGE));
	make_machine("7\n", WAITING, CALM);
	assert_true(pressure_now(HUGE));
	/* without reading again, unless more than a tenth of a second has passed on a busy machine
	 */
	for (int tries = 0; reads && tries < 20; tries++) {
		make_machine("7\n", CALM, WAITING);
		assert_true(pressure_now(HUGE));
		gate_reset();
		pressure = pressure_now(HUGE);
		reads = gate_calls(GATE_ANY);
	}
	assert_int_equal(reads, 0);
	assert_true(pressure);
	make_machine("7\n", "", "");
	assert_false(pressure_now(HUGE));
}

static void not_in_a_sandbox(void **state)
{
	(void)state;
	make_machine("0\n", WAITING, WAITING);
	sys_sandboxed = true;
	assert_false(pressure_now(HUGE));
	assert_int_equal(gate_calls(GATE_ANY), 0);
	sys_sandboxed = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(a_tenth_of_the_time),
		UNIT_TEST(each_of_the_signs),
		UNIT_TEST(not_in_a_sandbox),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
