/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals arrive at a thread, whose stack lies in a huge page, while another thread protects a part
 * of that page: the kernel's own writes of their frames are not lost and kill nobody.
 */
#include <signal.h>
#include <sys/mman.h>
#include "heap_share.h"

#define HUGE  (2 * MEGABYTE)
#define PAGES 16

static volatile int stop;
static pthread_t spinning;

static void on_signal(int number)
{
	(void)number;
}

static void *spin(void *unused)
{
	while (!stop)
		;
	return unused;
}

static void *send_signals(void *unused)
{
	while (!stop) {
		pthread_kill(spinning, SIGUSR1);
		for (volatile int i = 0; i < 2000; i++)
			;
	}
	return unused;
}

int main(void)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	char *block = need(malloc((PAGES + 2) * HUGE));
	char *page = block + (-(uintptr_t)block & (HUGE - 1));

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < PAGES; i++, page += HUGE) {
		pthread_attr_t attributes;
		pthread_t sender;

		stop = 0;
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, page + 65536, 128 << 10);
		CHECK(pthread_create(&spinning, &attributes, spin, NULL) == 0, "thread");
		sender = start_thread(send_signals, NULL);
		usleep(2000);
		CHECK(mprotect(page + 4096, 4096, PROT_READ) == 0, "%m");
		usleep(1000);
		stop = 1;
		pthread_join(sender, NULL);
		pthread_join(spinning, NULL);
	}
	puts("ok");
	return 0;
}
