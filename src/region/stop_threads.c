/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stops all other threads of this process by ptrace: see stop_threads.h.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <task.h>
#include <time.h>

#include "base/directory.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/words.h"
#include "proc/status.h"
#include "region/process.h"
#include "region/shown_call.h"
#include "region/stop_threads.h"

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

/* How many threads can be stopped, and how long that may take. */
#define THREADS_MAX  ((size_t)65536)
#define DEADLINE_NS  2000000000ll
#define YIELDS_FIRST 64
#define NAP_NS       50000

struct stopped_thread {
	int id; /* 0: it has ended */
	short signal;
	bool stopped, restarting;
};

/* The table of the threads and, where it is needed, one of the calls that they slept in. */
#define THREADS_BYTES (THREADS_MAX * sizeof(struct stopped_thread))
#define TABLE_BYTES   (THREADS_BYTES + (CPU_SHOWS_CALL ? 0 : THREADS_MAX * sizeof(struct shown_call)))

static long trace(long request, const struct stopped_thread *thread, long address, long data)
{
	return sys_call(SYS_ptrace, request, thread->id, address, data);
}

static int64_t now_ns(void)
{
	struct timespec now = {0};

	sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Lets others run. False: the deadline has passed. */
static bool wait_a_little(unsigned int tries, int64_t deadline)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};

	if (tries < YIELDS_FIRST) {
		sys_call(SYS_sched_yield);
		return true;
	}
	sys_call(SYS_nanosleep, &nap);
	return now_ns() < deadline;
}

static bool is_dead(long process, int id)
{
	uint64_t flags;
	char letter;

	return !process_task_state(process, id, &letter, &flags) || letter == 'Z' || letter == 'X';
}

static bool is_known(const struct stop *stop, int id)
{
	for (size_t i = stop->count; i-- > 0;)
		if (stop->threads[i].id == id)
			return true;
	return false;
}

/* Begins to stop one thread. */
static int seize(struct stop *stop, int id)
{
	struct stopped_thread *thread = &stop->threads[stop->count];
	long failed;

	if (stop->count == THREADS_MAX)
		return -ENOMEM;
	/* /proc of another namespace would show unrelated tasks. */
	failed = sys_call(SYS_tgkill, stop->process, id);
	if (failed)
		return failed == -ESRCH && is_dead(stop->process, id) ? 0 : -EPERM;
	*thread = (struct stopped_thread){.id = id};
	failed = trace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACESYSGOOD);
	if (failed)
		return failed == -ESRCH || is_dead(stop->process, id) ? 0 : (int)failed;
	if (!CPU_SHOWS_CALL)
		shown_call_read(&stop->calls[stop->count], stop->process, id);
	stop->count++;
	failed = trace(PTRACE_INTERRUPT, thread, 0, 0);
	return failed && failed != -ESRCH ? (int)failed : 0;
}

static int parse_number(const char *text)
{
	const int number = (int)word_number(&text, 10);

	return *text ? 0 : number;
}

/* Begins to stop the threads that are not in the list yet. */
static int seize_new(struct stop *stop, struct directory *tasks, long except)
{
	const char *name;
	int failed = 0;

	if (directory_rewind(tasks))
		return -EIO;
	while (!failed && (name = directory_next(tasks))) {
		const int id = parse_number(name);

		if (id && id != except && !is_known(stop, id))
			failed = seize(stop, id);
	}
	return tasks->used < 0 && tasks->used != -ENOENT ? (int)tasks->used : failed;
}

/* Has the thread stopped, or ended? Records why. */
static bool has_stopped(struct stopped_thread *thread)
{
	int status = 0;
	long got = sys_call(SYS_wait4, thread->id, &status, __WALL | WNOHANG);

	if (!got || got == -EINTR)
		return false;
	if (got != thread->id || !WIFSTOPPED(status)) {
		thread->id = 0;
		return true;
	}
	thread->stopped = true;
	thread->signal = (short)(status >> 16 ? 0 : WSTOPSIG(status));
	return true;
}

static int wait_for_all(struct stop *stop, int64_t deadline)
{
	unsigned int tries = 0;

	for (size_t i = 0; i < stop->count; i++)
		while (stop->threads[i].id && !stop->threads[i].stopped &&
		       !has_stopped(&stop->threads[i]))
			if (!wait_a_little(tries++, deadline))
				return -ETIMEDOUT;
	return 0;
}

/*
 * A stopped thread cannot start another one: when a complete pass over the directory finds no new
 * thread, and all known threads have stopped, then all have.
 */
static int stop_all(struct stop *stop, struct directory *tasks, long except)
{
	const int64_t deadline = now_ns() + DEADLINE_NS;
	size_t before;
	int failed;

	do {
		before = stop->count;
		failed = seize_new(stop, tasks, except);
		if (!failed)
			failed = wait_for_all(stop, deadline);
	} while (!failed && stop->count > before);
	return failed;
}

int stop_threads_begin(struct stop *stop, long process, long except)
{
	struct directory tasks;
	char path[64];
	long mapped;
	int failed;

	*stop = (struct stop){.process = process};
	text_format(path, sizeof(path), "/proc/%d/task", (int)process);
	if (directory_open(&tasks, AT_FDCWD, path))
		return -ENOENT;
	mapped = sys_mmap(0, TABLE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (SYS_IS_ERROR(mapped)) {
		directory_close(&tasks);
		return -ENOMEM;
	}
	stop->threads = (struct stopped_thread *)mapped;
	stop->calls = (struct shown_call *)(mapped + (long)THREADS_BYTES);
	failed = stop_all(stop, &tasks, except);
	directory_close(&tasks);
	if (failed)
		stop_threads_end(stop);
	return failed;
}

/*
 * Is the signal ignored? Such a signal interrupts no system call of a process that is not traced.
 * The program cannot change the action meanwhile, because all of its threads are stopped.
 */
static bool does_nothing(struct stop *stop, int signal)
{
	const uint64_t by_default = 1ull << (SIGCHLD - 1) | 1ull << (SIGCONT - 1) |
				    1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1);
	uint64_t ignored, caught;
	char path[64];

	if (!stop->ignored_known) {
		text_format(path, sizeof(path), "/proc/%d/status", (int)stop->process);
		if (status_number(path, "SigIgn:", 16, &ignored) &&
		    status_number(path, "SigCgt:", 16, &caught))
			stop->ignored = ignored | (by_default & ~caught);
		stop->ignored_known = true;
	}
	return stop->ignored >> (signal - 1) & 1;
}

static long get_registers(const struct stopped_thread *thread, cpu_registers *registers)
{
	struct iovec part = {registers, sizeof(*registers)};

	return trace(PTRACE_GETREGSET, thread, NT_PRSTATUS, (long)&part);
}

static long set_registers(const struct stopped_thread *thread, cpu_registers *registers)
{
	struct iovec part = {registers, sizeof(*registers)};

	return trace(PTRACE_SETREGSET, thread, NT_PRSTATUS, (long)&part);
}

/* Is it safe to repeat the call? After a failed close() the descriptor may be closed
 * nevertheless. */
static bool may_restart(long number)
{
	return number >= 0 && number != SYS_close;
}

/*
 * Where the registers do not show it: has the stop ended this call with EINTR? A signal that the
 * program has handled meanwhile leaves the same registers. So the thread must have slept in the
 * very call until it was woken to be stopped.
 */
static bool was_interrupted_by_stop(const struct stop *stop, const struct stopped_thread *thread,
				    long number, const cpu_registers *registers)
{
	const struct shown_call *call = &stop->calls[thread - stop->threads];

	return call->number == number &&
	       cpu_is_call(registers, call->arguments, call->stack, call->instruction) &&
	       shown_call_lasted(call, stop->process, thread->id);
}

/*
 * Has a thread whose system call ended with EINTR, and whom no signal waits for that would have
 * ended it so, make the call again: up to its entry, where it stops once more. False: it has only
 * to go on.
 */
static bool begin_restart(struct stop *stop, struct stopped_thread *thread)
{
	cpu_registers registers;
	long number;

	if ((thread->signal && !does_nothing(stop, thread->signal)) ||
	    get_registers(thread, &registers))
		return false;
	number = cpu_interrupted_call(&registers);
	if (!may_restart(number) ||
	    (!CPU_SHOWS_CALL && !was_interrupted_by_stop(stop, thread, number, &registers)))
		return false;
	cpu_restart_call(&registers,
			 CPU_SHOWS_CALL ? 0 : stop->calls[thread - stop->threads].arguments[0]);
	if (set_registers(thread, &registers))
		return false;
	thread->restarting = !trace(PTRACE_SYSCALL, thread, 0, thread->signal);
	thread->stopped = false;
	return thread->restarting;
}

/* A signal arrived before the call was made: so it ends with EINTR, as before. */
static void undo_restart(const struct stopped_thread *thread)
{
	cpu_registers registers;

	if (get_registers(thread, &registers))
		return;
	cpu_undo_restart(&registers);
	set_registers(thread, &registers);
}

/* Waits until the thread has reached the entry of its call. */
static void end_restart(struct stop *stop, struct stopped_thread *thread, int64_t deadline)
{
	unsigned int tries = 0;

	for (;;) {
		while (!has_stopped(thread))
			if (!wait_a_little(tries++, deadline))
				return;
		if (!thread->id)
			return;
		if (thread->signal == (SIGTRAP | 0x80))
			thread->signal = 0;
		if (!thread->signal || !does_nothing(stop, thread->signal))
			break;
		if (trace(PTRACE_SYSCALL, thread, 0, thread->signal))
			return;
		thread->stopped = false;
	}
	if (thread->signal)
		undo_restart(thread);
}

void stop_threads_end(struct stop *stop)
{
	struct stopped_thread *const end = stop->threads + stop->count;
	int64_t deadline = 0;

	for (struct stopped_thread *thread = stop->threads; thread < end; thread++)
		if (thread->id && thread->stopped && !begin_restart(stop, thread))
			trace(PTRACE_DETACH, thread, 0, thread->signal);
	for (struct stopped_thread *thread = stop->threads; thread < end; thread++) {
		if (!thread->id || !thread->restarting)
			continue;
		deadline = deadline ? deadline : now_ns() + DEADLINE_NS;
		end_restart(stop, thread, deadline);
		/*
		 * Detaching the thread at the entry would make the kernel look for signals, and end
		 * the call with EINTR. Running threads are detached when the helper ends.
		 */
		if (thread->id && thread->stopped)
			trace(thread->signal ? PTRACE_DETACH : PTRACE_CONT, thread, 0,
			      thread->signal);
	}
	sys_munmap((uintptr_t)stop->threads, TABLE_BYTES);
	stop->threads = NULL;
}
