/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment is read as a whole: once, in one pass, with a line for each variable that is
 * misspelt or has a wrong value, and not at all in a set-uid program.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "environment.h"

static void process_options_are_read_once(void **state)
{
	const struct options *first;
	int set = -1, values = -1;

	(void)state;
	setenv("HUGETLB_SHM", "4M", 1);
	first = options_get(&set, &values);
	assert_int_equal(set, 1);
	assert_int_equal(values, 0);
	assert_int_equal(first->shm_page_bytes, 4 << 20);
	setenv("HUGETLB_SHM", "no", 1);
	assert_ptr_equal(options_get(NULL, NULL), first);
	assert_true(first->shm);
	unsetenv("HUGETLB_SHM");
}

static void strings_are_copies(void **state)
{
	char path[] = "HUGETLB_PATH=/mnt/huge", report[] = "HUGETLB_REPORT=/tmp/report";

	(void)state;
	assert_int_equal(read_two(path, report), 2);
	memset(path, 'x', sizeof(path) - 1);
	memset(report, 'x', sizeof(report) - 1);
	assert_string_equal(options.path, "/mnt/huge");
	assert_string_equal(options.report, "/tmp/report");
	assert_good("HUGETLB_REPORT=-");
	assert_string_equal(options.report, "-");
	assert_good("HUGETLB_REPORT=2");
	assert_string_equal(options.report, "2");
	assert_unset("HUGETLB_REPORT=");
	assert_null(options.report);
	assert_unset("HUGETLB_PATH=");
	assert_null(options.path);
}

static void long_value_is_cut_in_its_line(void **state)
{
	static char entry[100000] = "HUGETLB_PATH=";

	(void)state;
	memset(entry + 13, 'p', sizeof(entry) - 14);
	assert_bad(entry);
	assert_true(strlen(gate_stderr()) < 400);
	assert_non_null(strstr(gate_stderr(), "ppp...: not understood"));
	memcpy(entry, "HUGETLB_MORECORE=", 17);
	assert_bad(entry);
	memset(entry + 17, '9', sizeof(entry) - 18);
	assert_bad(entry);
	memcpy(entry, "HUGETLB_PATH=", 13);
	entry[13 + 4096] = '\0';
	assert_bad(entry);
	entry[13 + 4095] = '\0';
	assert_good(entry);
	assert_int_equal(strlen(options.path), 4095);
}

/* But for the configuration file that is not there. */
static void nothing_of_ours_costs_one_call(void **state)
{
	(void)state;
	assert_int_equal(read_one("LD_PRELOAD=libhugetlbfs.so"), 0);
	assert_int_equal(gate_calls(GATE_ANY), 1);
	assert_int_equal(gate_calls(SYS_openat), 1);
	assert_int_equal(read_one(NULL), 0);
	assert_int_equal(read_one("HUGETLBX=1"), 0);
	assert_int_equal(read_one("XHUGETLB_MORECORE=yes"), 0);
	assert_int_equal(options.heap, HEAP_OFF);
	assert_int_equal(options.verbose, LOG_WARNING);
	assert_int_equal(bad, 0);
	assert_int_equal(gate_calls(GATE_ANY), 4);
}

static void unknown_variables_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(read_two("HUGETLB_=1", "HUGETLB_morecore=yes"), 0);
	assert_int_equal(bad, 0);
	assert_int_equal(read_two("HUGETLB_MORECORE", "HUGETLB_"), 0);
	assert_int_equal(bad, 0);
	assert_int_equal(gate_stderr_lines(), 0);
	assert_int_equal(read_two("HUGETLB_DEBUG=1", "HUGETLB_OTHER=secret"), 1);
	assert_non_null(strstr(gate_stderr(), "DEBUG: HUGETLB_OTHER is not a variable"));
	assert_null(strstr(gate_stderr(), "secret"));
}

/* A line each, and HUGETLB_REQUIRE's caller learns that there is something wrong. */
static void misspelt_variables_are_told(void **state)
{
	static const char *const names[][2] = {{"MORECOER", "MORECORE"},
					       {"MORECOR", "MORECORE"},
					       {"MORECOREX", "MORECORE"},
					       {"SHN", "SHM"},
					       {"ELFMPA", "ELFMAP"},
					       {"NO_PREFALT", "NO_PREFAULT"},
					       {"ELFMAP_OBJECT", "ELFMAP_OBJECTS"},
					       {"VEBROSE", "VERBOSE"}};
	static const char *const others[] = {"HUGETLB_SOMETHING=1", "HUGETLB_X=1",
					     "HUGETLB_POOL=1"};
	char entry[64], line[128];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(entry, sizeof(entry), "HUGETLB_%s=yes", names[i][0]);
		snprintf(line, sizeof(line),
			 "HUGETLB_%s is not a variable of this library and has "
			 "no effect; did you mean HUGETLB_%s?",
			 names[i][0], names[i][1]);
		if (read_one(entry) || bad != 1 || gate_stderr_lines() != 1 ||
		    !strstr(gate_stderr(), line))
			fail_msg("%s: %s", entry, gate_stderr());
	}
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (read_one(others[i]) || bad || gate_stderr_lines())
			fail_msg("%s: %s", others[i], gate_stderr());
}

static void first_of_two_counts(void **state)
{
	(void)state;
	assert_int_equal(read_two("HUGETLB_MORECORE=thp", "HUGETLB_MORECORE=no"), 1);
	assert_int_equal(options.heap, HEAP_THP);
	assert_int_equal(read_two("HUGETLB_SHARE_PATH=", "HUGETLB_SHARE=0"), 1);
}

static void secure_program_is_left_alone(void **state)
{
	(void)state;
	gate_secure(true);
	assert_int_equal(read_two("HUGETLB_MORECORE=garbage", "HUGETLB_DEBUG=1"), 0);
	assert_int_equal(options.heap, HEAP_OFF);
	assert_int_equal(options.verbose, LOG_WARNING);
	assert_int_equal(bad, 0);
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

static void restriction(void **state)
{
	static const char *const taking_part[] = {"program", "other:program", "program:other",
						  ":program", "x::program"};
	static const char *const left_out[] = {
		"other", "progra", "programs", "/usr/bin/program", "other:progra:m", "x:"};
	char entry[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(taking_part); i++) {
		snprintf(entry, sizeof(entry), "HUGETLB_RESTRICT_EXE=%s", taking_part[i]);
		assert_int_equal(read_two("HUGETLB_MORECORE=yes", entry), 2);
		assert_int_equal(options.heap, HEAP_DEFAULT);
	}
	for (size_t i = 0; i < COUNT_OF(left_out); i++) {
		snprintf(entry, sizeof(entry), "HUGETLB_RESTRICT_EXE=%s", left_out[i]);
		assert_int_equal(read_two("HUGETLB_MORECORE=garbage", entry), 0);
		assert_int_equal(options.heap, HEAP_OFF);
		assert_int_equal(bad, 0);
		assert_int_equal(gate_stderr_lines(), 0);
	}
	assert_unset("HUGETLB_RESTRICT_EXE=");
	assert_bad("HUGETLB_RESTRICT_EXE=::");
}

static void program_may_have_no_name(void **state)
{
	char *environment[] = {"HUGETLB_RESTRICT_EXE=a", NULL};

	(void)state;
	assert_int_equal(options_read(&options, environment, NULL, &bad), 0);
	assert_int_equal(options_read(&options, environment, "", &bad), 0);
	assert_int_equal(options_read(&options, environment, "a/", &bad), 0);
	assert_int_equal(options_read(&options, environment, "a", &bad), 1);
}

/* All variables at once, all garbage: a line each. */
static void all_garbage_gives_a_line_each(void **state)
{
	char entries[64][64], *environment[64];
	int rows;
	const struct option_row *table = options_table(&rows);
	int lines = 0;

	(void)state;
	for (int i = 0; i < rows; i++) {
		bool takes_all = !strcmp(table[i].name, "HUGETLB_DEBUG") ||
				 !strcmp(table[i].name, "HUGETLB_NO_PREFAULT") ||
				 !strcmp(table[i].name, "HUGETLB_RESTRICT_EXE") ||
				 !strcmp(table[i].name, "HUGETLB_PATH") ||
				 !strcmp(table[i].name, "HUGETLB_SHARE_PATH") ||
				 !strcmp(table[i].name, "HUGETLB_MMAP_FILES_ONLY") ||
				 !strcmp(table[i].name, "HUGETLB_ELFMAP_OBJECTS") ||
				 !strcmp(table[i].name, "HUGETLB_REPORT");

		snprintf(entries[i], sizeof(entries[i]), "%s=%s", table[i].name,
			 takes_all ? "0" : "\n%s\x01");
		if (!strcmp(table[i].name, "HUGETLB_RESTRICT_EXE"))
			snprintf(entries[i], sizeof(entries[i]), "%s=a", table[i].name);
		environment[i] = entries[i];
		lines += !takes_all;
	}
	environment[rows] = NULL;
	gate_catch_stderr();
	assert_int_equal(options_read(&options, environment, "a", &bad), rows);
	assert_int_equal(bad, lines);
	assert_int_equal(gate_stderr_lines(), lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(process_options_are_read_once),
		UNIT_TEST(strings_are_copies),
		UNIT_TEST(long_value_is_cut_in_its_line),
		UNIT_TEST(nothing_of_ours_costs_one_call),
		UNIT_TEST(unknown_variables_are_ignored),
		UNIT_TEST(misspelt_variables_are_told),
		UNIT_TEST(first_of_two_counts),
		UNIT_TEST(secure_program_is_left_alone),
		UNIT_TEST(restriction),
		UNIT_TEST(program_may_have_no_name),
		UNIT_TEST(all_garbage_gives_a_line_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
