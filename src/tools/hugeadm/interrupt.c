/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP don't end the tool in the middle of its work: they are remembered, and
 * cut short the system call that is waiting (the kernel ends the growth of a pool at a signal). Who
 * works in steps asks between them, puts back what is temporary, and tells how far it came.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "hugeadm.h"

static volatile sig_atomic_t caught;

static void remember(int signal_number)
{
	caught = signal_number;
}

void interrupt_catch(void)
{
	const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = remember}, before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		/* who was told to ignore one (nohup) goes on */
		if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

int interrupt_signal(void)
{
	return caught;
}

void interrupt_wait(int milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

	if (!caught)
		nanosleep(&time, NULL);
}
