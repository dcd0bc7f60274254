/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stopping all other threads of this process by ptrace, for a helper (helper.h). What the helper
 * changes meanwhile they see as one change: whatever they do, they do it before or after.
 *
 * A system call that the stop interrupts goes on afterwards, also one that the kernel ends with
 * EINTR (epoll_wait); a relative timeout starts again. Signals are delivered as ever.
 *
 * Not stopped: another process that writes here (process_vm_writev), and tasks that share the
 * memory but are no threads of this process.
 */
#ifndef STOP_THREADS_H
#define STOP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stopped_thread;

struct stop {
	struct stopped_thread *threads; /* mapped */
	size_t count;
	long process;
	uint64_t ignored; /* signals, one bit each; valid if ignored_known */
	bool ignored_known;
};

/*
 * Stops all threads of the process, the helper's parent, except one, which runs nothing.
 *
 * 0, and the caller owes stop_threads_end(); or -errno with all threads running: -EPERM: ptrace is
 * not allowed, or a debugger traces the process; -ENOSYS: this CPU cannot restart system calls;
 * -ETIMEDOUT: a thread did not stop within two seconds (a parent of vfork whose child runs, a
 * thread that waits for a disk); -ENOENT: no /proc; -ENOMEM.
 */
int stop_threads_begin(struct stop *stop, long process, long except);
void stop_threads_end(struct stop *stop);

#endif
