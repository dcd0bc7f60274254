/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stops all other threads of this process by ptrace, for a helper (helper.h). They see the helper's
 * changes as one: whatever they do happens before or after.
 *
 * A system call that is interrupted by the stop continues afterwards, including one that the kernel
 * ends with EINTR (epoll_wait); a relative timeout starts again. Signals are delivered as usual.
 *
 * Not stopped: another process that writes to this one (process_vm_writev), and tasks that share
 * the memory but are not threads of this process.
 */
#ifndef STOP_THREADS_H
#define STOP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stopped_thread;
struct shown_call;

struct stop {
	struct stopped_thread *threads; /* mapped */
	struct shown_call *calls;       /* that each slept in; only without CPU_SHOWS_CALL */
	size_t count;
	long process;
	uint64_t ignored; /* signals, one bit each; valid if ignored_known */
	bool ignored_known;
};

/*
 * Stops all threads of the process, the helper's parent, except one, which runs nothing.
 *
 * Returns 0, after which the caller must call stop_threads_end(); or -errno with all threads
 * running: -EPERM: ptrace is not allowed, or a debugger traces the process; -ETIMEDOUT: a thread
 * did not stop within two seconds (a parent of vfork whose child runs, a thread that waits for a
 * disk); -ENOENT: no /proc; -ENOMEM.
 */
int stop_threads_begin(struct stop *stop, long process, long except);
void stop_threads_end(struct stop *stop);

#endif
