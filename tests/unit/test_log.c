/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The formatter, and which descriptors lines are and are not written to. Descriptor 2 is replaced
 * by files and pipes during a test.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "unit.h"

static char out[64];

#define assert_format(expected, ...)                                     \
	do {                                                             \
		int length = text_format(out, sizeof(out), __VA_ARGS__); \
		assert_string_equal(out, expected);                      \
		assert_int_equal(length, strlen(expected));              \
	} while (0)

static void conversions(void **state)
{
	(void)state;
	assert_format("plain", "plain");
	assert_format("a b ", "%c %s %s", 'a', "b", "");
	assert_format("100%", "%d%%", 100);
	assert_format("-1 4294967295", "%d %u", -1, -1u);
	assert_format("   -7|-0007|00042|   42", "%5d|%05d|%05u|%5u", -7, -7, 42u, 42u);
	assert_format("0xdeadbeef 0x00ff", "0x%x 0x%04x", 0xdeadbeefu, 0xffu);
	assert_format("0 0", "%lx %ld", 0ul, 0l);
	assert_format("123456", "%d", 123456);
	assert_format("12", "%1d", 12);
	assert_format("18 -18", "%zu %zd", (size_t)18, (ssize_t)-18);
}

static void extreme_numbers_agree_with_printf(void **state)
{
	char expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), "%ld %lu", LONG_MIN, ULONG_MAX);
	assert_format(expected, "%ld %lu", LONG_MIN, ULONG_MAX);
	snprintf(expected, sizeof(expected), "%lx %d", ULONG_MAX, INT_MIN);
	assert_format(expected, "%lx %d", ULONG_MAX, INT_MIN);
}

static void cut_is_safe(void **state)
{
	char small[8];

	(void)state;
	memset(small, 'x', sizeof(small));
	assert_int_equal(text_format(small, 4, "%s", "abcdef"), 3);
	assert_string_equal(small, "abc");
	assert_int_equal(small[4], 'x');
	assert_int_equal(text_format(small, 1, "abc"), 0);
	assert_string_equal(small, "");
	small[0] = 'x';
	assert_int_equal(text_format(small, 0, "abc"), 0);
	assert_int_equal(small[0], 'x');
	assert_int_equal(text_format(small, sizeof(small), "%900d", 1), 7);
	assert_string_equal(small, "       ");
}

/* Called with formats that a compiler would refuse. */
static int (*volatile format_unchecked)(char *, unsigned long, const char *, ...) = text_format;

static void wrong_formats_do_no_harm(void **state)
{
	(void)state;
	format_unchecked(out, sizeof(out), "%d %f %s", 1, 2.0, "x");
	assert_string_equal(out, "1 %f %s");
	format_unchecked(out, sizeof(out), "%s", (char *)NULL);
	assert_string_equal(out, "(null)");
	format_unchecked(out, sizeof(out), "end %");
	assert_string_equal(out, "end %");
}

static void levels(void **state)
{
	(void)state;
	gate_catch_stderr();
	for (int level = 0; level < 6; level++) {
		static const unsigned int lines[] = {0, 1, 2, 3, 4, 4};

		gate_catch_stderr();
		log_set_level(level);
		log_error("e");
		log_warning("w");
		log_info("i");
		log_debug("d");
		assert_int_equal(gate_stderr_lines(), lines[level]);
		assert_true(log_at(LOG_DEBUG) == (level >= 4));
	}
	log_set_level(LOG_WARNING);
}

static void line_has_the_prefix(void **state)
{
	char expected[256], host[65];

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	gate_catch_stderr();
	errno = 77;
	log_warning("%d pages", 3);
	assert_int_equal(errno, 77);
	snprintf(expected, sizeof(expected), "libhugetlbfs [%s:%d]: WARNING: 3 pages\n", host,
		 getpid());
	assert_string_equal(gate_stderr(), expected);
	assert_int_equal(gate_calls(SYS_write), 1);

	gate_catch_stderr();
	gate_fail(SYS_uname, 1, EPERM);
	log_error("x");
	snprintf(expected, sizeof(expected), "libhugetlbfs [?:%d]: ERROR: x\n", getpid());
	assert_string_equal(gate_stderr(), expected);
}

static void line_stays_one_line(void **state)
{
	char value[4096];

	(void)state;
	gate_catch_stderr();
	log_warning("a\nb\033[1m\x7f\xc3\xa9");
	assert_non_null(strstr(gate_stderr(), "WARNING: a?b?[1m?\xc3\xa9\n"));
	assert_int_equal(gate_stderr_lines(), 1);
	log_warning("%s", "\302\23331m \2331m\342\200\235\303\234");
	assert_non_null(strstr(gate_stderr(), "WARNING: \302?31m ?1m\342\200\235\303\234\n"));

	gate_catch_stderr();
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	log_warning("%s", value);
	assert_int_equal(strlen(gate_stderr()), 1023);
	assert_non_null(strstr(gate_stderr(), "vvv...\n"));
}

static void warning_once_comes_once(void **state)
{
	(void)state;
	log_set_level(0);
	log_warning_once(LOG_POLICY, "level 0 does not use it up");
	log_set_level(LOG_WARNING);
	gate_catch_stderr();
	log_warning_once(LOG_POLICY, "first");
	log_warning_once(LOG_POLICY, "second");
	assert_int_equal(gate_stderr_lines(), 1);
	assert_non_null(strstr(gate_stderr(), "first"));
	/* about something else */
	log_warning_once(LOG_TEXT_CHANGED, "third");
	log_warning_once(LOG_TEXT_CHANGED, "fourth");
	log_warning_once(LOG_POLICY, "fifth");
	assert_int_equal(gate_stderr_lines(), 2);
	assert_non_null(strstr(gate_stderr(), "third"));
}

static void failing_write_does_no_harm(void **state)
{
	(void)state;
	errno = 0;
	gate_fail_always(SYS_write, EIO);
	log_warning("lost");
	assert_int_equal(gate_calls(SYS_write), 1);
	assert_int_equal(errno, 0);
}

/* Descriptor 2 as it was before the test, kept aside. */
static int real_stderr;

static int keep_stderr(void **state)
{
	(void)state;
	gate_reset();
	real_stderr = dup(2);
	return real_stderr < 0;
}

static int restore_stderr(void **state)
{
	(void)state;
	gate_reset();
	dup2(real_stderr, 2);
	close(real_stderr);
	log_start();
	return 0;
}

static int file_as_stderr(void)
{
	int fd = memfd_create("stderr", MFD_CLOEXEC);

	assert_true(fd >= 0);
	dup2(fd, 2);
	return fd;
}

static off_t bytes_in(int fd)
{
	return lseek(fd, 0, SEEK_END);
}

static void same_file_gets_lines(void **state)
{
	int fd = file_as_stderr();

	(void)state;
	log_start();
	log_warning("one");
	assert_true(bytes_in(fd) > 0);
	close(fd);
}

static void other_file_gets_none(void **state)
{
	int first = file_as_stderr(), second;

	(void)state;
	log_start();
	second = file_as_stderr();
	log_warning("one");
	assert_int_equal(bytes_in(first), 0);
	assert_int_equal(bytes_in(second), 0);
	assert_int_equal(gate_calls(SYS_write), 0);
	close(first);
	close(second);
}

static void before_start_any_file_will_do(void **state)
{
	int fd = file_as_stderr();

	(void)state;
	log_warning("one");
	assert_true(bytes_in(fd) > 0);
	close(fd);
}

static void closed_then_reopened_gets_none(void **state)
{
	int fd;

	(void)state;
	close(2);
	log_start();
	log_warning("to nobody");
	fd = file_as_stderr();
	log_warning("to the program's own file");
	assert_int_equal(bytes_in(fd), 0);
	assert_int_equal(gate_calls(SYS_write), 0);
	close(fd);
}

static void closed_later_gets_none(void **state)
{
	(void)state;
	log_start();
	close(2);
	log_warning("to nobody");
	assert_int_equal(gate_calls(SYS_write), 0);
}

static void without_statx_lines_go_out(void **state)
{
	int fd = file_as_stderr();

	(void)state;
	gate_fail_always(SYS_statx, ENOSYS);
	log_start();
	log_warning("one");
	assert_true(bytes_in(fd) > 0);
	close(fd);
}

/* SIGPIPE has its default action here: the test would not survive a write. */
static void pipe_without_reader_gets_none(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], 2);
	close(ends[1]);
	log_start();
	log_warning("read");
	assert_int_equal(gate_calls(SYS_write), 1);
	close(ends[0]);
	log_warning("not read");
	assert_int_equal(gate_calls(SYS_write), 1);
}

static void child_has_its_own_pid(void **state)
{
	char pid_text[32];
	pid_t child;
	int status;

	(void)state;
	gate_catch_stderr();
	child = fork();
	if (!child) {
		log_warning("child");
		snprintf(pid_text, sizeof(pid_text), ":%d]:", getpid());
		_exit(strstr(gate_stderr(), pid_text) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Last: there is no way back. */
static void stop_is_final(void **state)
{
	(void)state;
	log_set_level(99);
	log_stop();
	log_error("e");
	log_debug("d");
	log_warning_once(LOG_SHM_MOVED, "w");
	assert_false(log_at(LOG_ERROR));
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

#define STDERR_TEST(function) cmocka_unit_test_setup_teardown(function, keep_stderr, restore_stderr)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(conversions),
		UNIT_TEST(extreme_numbers_agree_with_printf),
		UNIT_TEST(cut_is_safe),
		UNIT_TEST(wrong_formats_do_no_harm),
		UNIT_TEST(levels),
		UNIT_TEST(line_has_the_prefix),
		UNIT_TEST(line_stays_one_line),
		UNIT_TEST(warning_once_comes_once),
		STDERR_TEST(before_start_any_file_will_do),
		STDERR_TEST(failing_write_does_no_harm),
		STDERR_TEST(same_file_gets_lines),
		STDERR_TEST(other_file_gets_none),
		STDERR_TEST(closed_then_reopened_gets_none),
		STDERR_TEST(closed_later_gets_none),
		STDERR_TEST(without_statx_lines_go_out),
		STDERR_TEST(pipe_without_reader_gets_none),
		UNIT_TEST(child_has_its_own_pid),
		UNIT_TEST(stop_is_final),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
