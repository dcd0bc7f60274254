/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads that wait in system calls see nothing of the splits of another thread: no EINTR where no
 * signal came, every signal counted where some did, and time-outs that are not lost.
 *
 * calls-not-interrupted-by-splits [most]: as many may end with EINTR. On arm64 a call that has just
 * begun may (HOWTO, section 35); without the mend a third of the 144 do.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include "heap_share.h"

#define HUGE    (2 * MEGABYTE)
#define PAGES   24
#define WAITERS 6

static atomic_long interrupted, signals_seen, signals_interrupted;
static atomic_int stop;
static int poll_fd, ends[2];
static pthread_t signalled;

static void *wait_in_epoll(void *unused)
{
	struct epoll_event event;

	while (!stop)
		if (epoll_wait(poll_fd, &event, 1, -1) < 0)
			atomic_fetch_add(&interrupted, errno == EINTR);
	return unused;
}

static void *wait_in_poll(void *unused)
{
	struct pollfd end = {ends[0], POLLIN, 0};

	while (!stop)
		if (poll(&end, 1, -1) < 0)
			atomic_fetch_add(&interrupted, errno == EINTR);
	return unused;
}

static void *wait_in_sleep(void *unused)
{
	while (!stop) {
		const struct timespec nap = {.tv_nsec = 3000000};

		atomic_fetch_add(&interrupted, nanosleep(&nap, NULL) < 0);
	}
	return unused;
}

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals_seen, 1);
}

/* This one gets signals, each of which ends its call. */
static void *wait_for_signals(void *unused)
{
	struct epoll_event event;
	sigset_t mine;

	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &mine, NULL);
	while (!stop)
		if (epoll_wait(poll_fd, &event, 1, -1) < 0)
			atomic_fetch_add(&signals_interrupted, errno == EINTR);
	return unused;
}

int main(int count, char **arguments)
{
	const long most = count > 1 ? atol(arguments[1]) : 0;
	const struct sigaction action = {.sa_handler = on_signal};
	struct epoll_event event = {.events = EPOLLIN};
	char *block = need(malloc((PAGES + 2) * HUGE));
	char *page = block + (-(uintptr_t)block & (HUGE - 1));
	pthread_t waiter[WAITERS];
	long sent = 0;
	sigset_t mine;

	memset(page, 1, PAGES * HUGE);
	CHECK(pipe(ends) == 0 && (poll_fd = epoll_create1(0)) >= 0, "%m");
	CHECK(epoll_ctl(poll_fd, EPOLL_CTL_ADD, ends[0], &event) == 0, "%m");
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mine, NULL);
	for (int i = 0; i < WAITERS; i++)
		waiter[i] = start_thread(i % 3 == 0   ? wait_in_epoll
					 : i % 3 == 1 ? wait_in_poll
						      : wait_in_sleep,
					 NULL);
	signalled = start_thread(wait_for_signals, NULL);
	usleep(20000);
	for (size_t i = 0; i < PAGES; i++) {
		/* one at a time: two pending signals of the same kind become one */
		pthread_kill(signalled, SIGUSR1);
		sent++;
		CHECK(mprotect(page + i * HUGE + 4096, 4096, PROT_READ) == 0, "%m");
		for (int wait = 0; signals_seen < sent; wait++) {
			CHECK(wait < 60000, "a signal was lost");
			usleep(1000);
		}
	}
	usleep(20000);
	stop = 1;
	CHECK(write(ends[1], "x", 1) == 1, "%m");
	for (int i = 0; i < WAITERS; i++)
		pthread_join(waiter[i], NULL);
	pthread_join(signalled, NULL);
	CHECK(interrupted <= most, "%ld calls ended with EINTR", interrupted);
	CHECK(signals_interrupted <= sent, "%ld of %ld", signals_interrupted, sent);
	puts("ok");
	return 0;
}
