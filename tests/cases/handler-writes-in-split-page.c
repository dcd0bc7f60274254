/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A signal handler counts in malloced memory while the program protects other parts of the same
 * huge page; with the argument "threads" beside another thread. No count is lost.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include "heap_share.h"

#define PAGES 40
#define HUGE  (2 * MEGABYTE)

static volatile long *volatile slot;
static volatile long counted;

static void on_alarm(int number)
{
	(void)number;
	++*slot;
	counted++;
}

static void *idle(void *unused)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;;)
		pause();
	return unused;
}

int main(int count, char **arguments)
{
	struct itimerval timer = {{0, 50}, {0, 50}};
	char *block, *page;
	long sum = 0;

	if (count > 1 && !strcmp(arguments[1], "threads"))
		start_thread(idle, NULL);
	block = need(malloc((PAGES + 2) * HUGE));
	page = block + (-(uintptr_t)block & (HUGE - 1));
	memset(page, 0, PAGES * HUGE);
	slot = (long *)(page + 65536);
	signal(SIGALRM, on_alarm);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0, "%m");
	for (size_t i = 0; i < PAGES; i++) {
		slot = (long *)(page + i * HUGE + 65536);
		CHECK(mprotect(page + i * HUGE + 4096, 4096, PROT_READ) == 0, "%m");
	}
	timer = (struct itimerval){{0, 0}, {0, 0}};
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0, "%m");
	for (size_t i = 0; i < PAGES; i++)
		sum += *(long *)(page + i * HUGE + 65536);
	CHECK(sum == counted, "%ld of %ld", sum, counted);
	puts("all signals were counted");
	return 0;
}
