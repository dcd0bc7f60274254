/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes that would end the program by a signal fail, with no other effect.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/sys.h"
#include "pages/executable.h"
#include "unit.h"

#define LIMIT_BYTES 4096

static int pipe_of_nobody[2], file, caught;

static void catch_signal(int number)
{
	caught = number;
}

static int set_up(void **state)
{
	const struct rlimit limit = {.rlim_cur = LIMIT_BYTES, .rlim_max = RLIM_INFINITY};

	(void)state;
	gate_reset();
	caught = 0;
	signal(SIGPIPE, catch_signal);
	signal(SIGXFSZ, catch_signal);
	if (pipe(pipe_of_nobody))
		return -1;
	close(pipe_of_nobody[0]);
	file = (int)executable_file("test");
	return file < 0 || setrlimit(RLIMIT_FSIZE, &limit);
}

static int tear_down(void **state)
{
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	close(pipe_of_nobody[1]);
	close(file);
	return setrlimit(RLIMIT_FSIZE, &none);
}

static void assert_mask_is(sigset_t *wanted)
{
	sigset_t now;

	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &now), 0);
	for (int number = 1; number < 32; number++)
		assert_int_equal(sigismember(&now, number), sigismember(wanted, number));
}

static void too_long_a_file_is_an_error(void **state)
{
	static const char bytes[2 * LIMIT_BYTES];
	sigset_t mask;

	(void)state;
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_int_equal(sys_limit(RLIMIT_FSIZE), LIMIT_BYTES);
	assert_int_equal(sys_set_size(file, LIMIT_BYTES + 1), -EFBIG);
	assert_int_equal(sys_fallocate(file, LIMIT_BYTES, 1), -EFBIG);
	assert_int_equal(sys_pwrite(file, bytes, 1, LIMIT_BYTES), -EFBIG);
	/* as much as fits, then nothing */
	assert_int_equal(sys_write(file, bytes, sizeof(bytes)), LIMIT_BYTES);
	assert_int_equal(sys_write(file, bytes, 1), -EFBIG);
	assert_int_equal(sys_write(file, bytes, 1), -EFBIG);
	assert_int_equal(sys_set_size(file, LIMIT_BYTES), 0);
	assert_int_equal(caught, 0);
	assert_mask_is(&mask);
}

/* What fits is written, and the limit is reported, not that the file is full. */
static void parts_are_written_to_the_limit(void **state)
{
	static char bytes[LIMIT_BYTES];
	struct iovec all[] = {{bytes, 0}, {bytes, 1000}, {bytes, 96}};
	struct iovec more[] = {{bytes, 2999}, {bytes, 0}, {bytes, 2}};

	(void)state;
	gate_fail(SYS_writev, 1, EINTR);
	assert_int_equal(sys_writev(file, all, 3), 0);
	assert_int_equal(lseek(file, 0, SEEK_CUR), 1096);
	assert_int_equal(sys_writev(file, more, 3), -EFBIG);
	assert_int_equal(lseek(file, 0, SEEK_CUR), LIMIT_BYTES);
	assert_int_equal(caught, 0);
}

static void pipe_without_reader_is_an_error(void **state)
{
	sigset_t mask;

	(void)state;
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_int_equal(sys_write(pipe_of_nobody[1], "x", 1), -EPIPE);
	assert_int_equal(caught, 0);
	assert_mask_is(&mask);
}

/* A pending signal of the program is not taken for the library's, nor is a blocked one lost. */
static void waiting_signals_stay(void **state)
{
	sigset_t mask, none, pending;

	(void)state;
	sigemptyset(&none);
	sigemptyset(&mask);
	sigaddset(&mask, SIGPIPE);
	assert_int_equal(sigprocmask(SIG_SETMASK, &mask, NULL), 0);
	assert_int_equal(sys_write(pipe_of_nobody[1], "x", 1), -EPIPE);
	assert_int_equal(sigpending(&pending), 0);
	assert_int_equal(sigismember(&pending, SIGPIPE), 0);
	raise(SIGPIPE);
	assert_int_equal(sys_write(pipe_of_nobody[1], "x", 1), -EPIPE);
	assert_mask_is(&mask);
	assert_int_equal(caught, 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &none, NULL), 0);
	assert_int_equal(caught, SIGPIPE);
}

static void mask_that_cannot_be_put_back_is_tried_again(void **state)
{
	(void)state;
	gate_fail(SYS_rt_sigprocmask, 2, ENOMEM);
	assert_int_equal(sys_write(file, "x", 1), 1);
	assert_int_equal(gate_calls(SYS_rt_sigprocmask), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(too_long_a_file_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parts_are_written_to_the_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pipe_without_reader_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_signals_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mask_that_cannot_be_put_back_is_tried_again, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
