/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP do not end the tool in the middle of its work: they are recorded, and
 * interrupt a waiting system call (the kernel stops growing a pool at a signal). Code that works in
 * steps checks for them in between, removes what is temporary, and reports how far it got.
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
		/* a signal that the tool was started to ignore (nohup) stays ignored */
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
