/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call that a thread is in, as /proc/PID/task/ID/syscall shows it: for CPUs whose
 * registers do not show it (CPU_SHOWS_CALL). Raw system calls only.
 */
#ifndef SHOWN_CALL_H
#define SHOWN_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct shown_call {
	long number; /* -1: of no call that is known */
	uint64_t arguments[6], stack, instruction;
	long sleeps; /* how often the thread has gone to sleep until then */
};

/* False, and number -1: the thread runs, is in no call, or /proc does not say. */
bool shown_call_read(struct shown_call *call, long process, int id);

/*
 * Has the thread, which is stopped now, slept in this call until it was woken to be stopped? It has
 * gone to sleep once more since, for the stop.
 */
bool shown_call_lasted(const struct shown_call *call, long process, int id);

#endif
