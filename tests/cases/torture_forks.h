/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture-threads.c: children by every call that makes one, from whatever stack the caller is
 * on. A child checks what only its maker writes, overwrites it, which must not reach the parent,
 * and ends; its maker waits for it.
 */
#ifndef TORTURE_FORKS_H
#define TORTURE_FORKS_H

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "torture_shadow.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

#define CHILD_STACK_BYTES ((size_t)64 << 10)

extern pid_t _Fork(void) __attribute__((weak));

/* Linux 5.3's struct clone_args. */
struct clone3_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

enum form { BY_FORK, BY_FORK_SIMPLE, BY_CLONE, BY_CALL_FORK, BY_CALL_CLONE, BY_CALL_CLONE3, FORMS };

struct child_work {
	void (*run)(const void *argument);
	const void *argument;
};

static int start_child(void *argument)
{
	const struct child_work *work = argument;

	work->run(work->argument);
	_exit(0);
}

/* With a stack of its own for clone(), which is a copy in the child. */
static pid_t make_child(enum form form, struct child_work work, char *stack)
{
	struct clone3_arguments arguments = {.exit_signal = SIGCHLD};
	pid_t child = -1;

	errno = ENOSYS;
	switch (form) {
	case BY_FORK_SIMPLE:
		if (_Fork) {
			child = _Fork();
			break;
		}
		/* fallthrough */
	case BY_FORK:
		child = fork();
		break;
	case BY_CLONE:
		return clone(start_child, stack + CHILD_STACK_BYTES, SIGCHLD, &work);
	case BY_CALL_FORK:
#ifdef SYS_fork
		child = (pid_t)syscall(SYS_fork);
		break;
#endif
	case BY_CALL_CLONE:
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		break;
	case BY_CALL_CLONE3:
	case FORMS:
		child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
		break;
	}
	if (child == 0)
		start_child(&work);
	return child;
}

static int forks_left;

/* Makes a child that runs the work, and waits for it. Signals with handlers that write are blocked
 * by the caller. */
static void run_in_child(uint64_t *random, void (*run)(const void *argument), const void *argument,
			 char *stack)
{
	const enum form form = next_random(random) % FORMS;
	int status = -1;
	pid_t child;

	if (__atomic_fetch_sub(&forks_left, 1, __ATOMIC_RELAXED) <= 0)
		return;
	child = make_child(form, (struct child_work){run, argument}, stack);
	if (child == -1 && errno == ENOSYS)
		return;
	CHECK(child > 0, "form %d: %m", form);
	while (waitpid(child, &status, 0) != child)
		CHECK(errno == EINTR, "form %d: %m", form);
	CHECK(status == 0, "form %d: the child ended with status %#x", form, (unsigned int)status);
}

/* What one actor owns: compared, then overwritten in this process alone. */
static void check_actor_in_child(const void *argument)
{
	const int actor = *(const int *)argument;

	for (size_t part = 0; part < PARTS; part++)
		if (actor_of(part) == actor)
			check_part(part, "a child");
	for (size_t part = 0; part < PARTS; part++)
		if (actor_of(part) == actor)
			memset(memory_of(part), 0x55, BASE);
}

/* A child that borrows this memory writes for its parent. */
static __attribute__((noinline)) void write_in_vfork_child(size_t part, size_t at, char value)
{
	const pid_t child = vfork();
	int status;

	if (!child) {
		write_byte(part, at, value);
		_exit(0);
	}
	CHECK(child > 0, "vfork: %m");
	while (waitpid(child, &status, 0) != child)
		CHECK(errno == EINTR, "vfork: %m");
	CHECK(status == 0, "a child of vfork ended with status %#x", (unsigned int)status);
}

#endif
