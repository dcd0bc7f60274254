/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * While the lock is held no signal reaches its thread; a thread does not wait for itself, and not
 * for ever for another one.
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/sys.h"
#include "gate.h"
#include "region/lock.h"
#include "unit.h"

static volatile sig_atomic_t handled;

static void on_signal(int number)
{
	(void)number;
	handled++;
	assert_true(lock_take());
	lock_release();
}

static bool is_blocked(int number)
{
	sigset_t now;

	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	return sigismember(&now, number);
}

static void signals_wait_for_its_release(void **state)
{
	(void)state;
	sys_sandboxed = false;
	signal(SIGUSR1, on_signal);
	assert_true(lock_take());
	assert_true(is_blocked(SIGUSR1) && is_blocked(SIGALRM));
	raise(SIGUSR1);
	assert_int_equal(handled, 0);
	lock_release();
	assert_int_equal(handled, 1);
	assert_false(is_blocked(SIGUSR1) || is_blocked(SIGALRM));
}

/* What the program blocks stays blocked. */
static void the_mask_is_the_programs(void **state)
{
	sigset_t mine;

	(void)state;
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &mine, NULL);
	assert_true(lock_take());
	lock_release();
	assert_true(is_blocked(SIGUSR2));
	assert_false(is_blocked(SIGUSR1));
	pthread_sigmask(SIG_UNBLOCK, &mine, NULL);
}

static void a_thread_does_not_wait_for_itself(void **state)
{
	(void)state;
	assert_true(lock_take());
	assert_false(lock_take());
	assert_true(is_blocked(SIGUSR1));
	lock_release();
	assert_false(is_blocked(SIGUSR1));
}

/* A filter may kill for rt_sigprocmask(2). */
static void no_mask_is_set_in_a_sandbox(void **state)
{
	(void)state;
	sys_sandboxed = true;
	assert_true(lock_take());
	assert_false(is_blocked(SIGUSR1));
	/* as in a handler that comes now */
	assert_false(lock_take());
	lock_release();
	sys_sandboxed = false;
}

static pthread_barrier_t held, done;

static void *hold(void *unused)
{
	assert_true(lock_take());
	pthread_barrier_wait(&held);
	pthread_barrier_wait(&done);
	lock_release();
	return unused;
}

static void a_wait_ends(void **state)
{
	struct timespec before, after;
	pthread_t holder;

	(void)state;
	pthread_barrier_init(&held, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	assert_int_equal(pthread_create(&holder, NULL, hold, NULL), 0);
	pthread_barrier_wait(&held);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_false(lock_take());
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec >= 59);
	assert_false(is_blocked(SIGUSR1));
	/* each further wait for this holder is brief */
	assert_false(lock_take());
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_true(before.tv_sec - after.tv_sec <= 10);
	pthread_barrier_wait(&done);
	pthread_join(holder, NULL);
	assert_true(lock_take());
	lock_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(signals_wait_for_its_release),
		UNIT_TEST(the_mask_is_the_programs),
		UNIT_TEST(a_thread_does_not_wait_for_itself),
		UNIT_TEST(no_mask_is_set_in_a_sandbox),
		UNIT_TEST(a_wait_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
