/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork in glibc before 2.34, which does not call a _Fork that could be replaced.
 *
 * fork() calls its handlers through one function, three times: before the fork, in the child, and
 * in the parent. In a process with one thread, the library's steps come after the first of these
 * calls, and before the other two, so that no handler in the child touches memory before. With more
 * threads libc takes malloc's locks after all handlers, and would wait for ever for a thread that
 * is in malloc and waits for the library's lock. So the library's steps run with malloc's locks
 * held: they replace the calls that take and release these. All these functions are hidden; they
 * are identified by how often fork calls them, or by the calls next to them, which are the same
 * from 2.28 to 2.33. If the calls are not found, memory is left to the kernel's copy on write.
 */
#include <errno.h>
#include <layout.h>

#include "calls/fork.h"
#include "calls/fork_handlers.h"
#include "calls/state.h"
#include "hook/patch.h"
#include "region/process.h"

/* libc's own functions: all of them are known, or none. */
static uintptr_t lock_malloc, unlock_malloc, unlock_malloc_in_child;

/* The thread between fork_begin() and its end; 0: none. */
static uintptr_t forking;

/* How many forks by signal handlers, each interrupting the one before, are in progress in this
 * thread. */
static unsigned int nested;

static bool is_forking(void)
{
	return __atomic_load_n(&forking, __ATOMIC_RELAXED) == cpu_thread_pointer();
}

static void begin(void)
{
	if (fork_begin())
		__atomic_store_n(&forking, cpu_thread_pointer(), __ATOMIC_RELAXED);
}

static void end(void (*step)(void))
{
	if (nested || !is_forking())
		return;
	__atomic_store_n(&forking, 0, __ATOMIC_RELAXED);
	step();
}

static void with_malloc_locked(void)
{
	((void (*)(void))lock_malloc)();
	if (libc_calls.active && !is_forking())
		begin();
}

static void before_malloc_is_unlocked(void)
{
	end(fork_end_in_parent);
	((void (*)(void))unlock_malloc)();
}

static void before_malloc_is_unlocked_in_child(void)
{
	end(fork_end_in_child);
	((void (*)(void))unlock_malloc_in_child)();
}

/* libc's own function, for one of these calls. */
enum handlers { HANDLERS_BEFORE, HANDLERS_IN_CHILD, HANDLERS_IN_PARENT };
static uintptr_t run_handlers;

static void call_handlers(enum handlers which, long locking)
{
	((void (*)(enum handlers, long))run_handlers)(which, locking);
}

static void before_fork(void)
{
	if (!libc_calls.active)
		return;
	if (is_forking())
		nested++;
	else if (process_single_threaded())
		begin();
}

static void after_fork(void (*step)(void))
{
	if (nested && is_forking())
		nested--;
	else
		end(step);
}

static void with_handlers(enum handlers which, long locking)
{
	if (which == HANDLERS_IN_CHILD)
		after_fork(fork_end_in_child);
	else if (which == HANDLERS_IN_PARENT)
		after_fork(fork_end_in_parent);
	call_handlers(which, locking);
	if (which == HANDLERS_BEFORE)
		before_fork();
}

int fork_handlers_prepare(const struct libc *libc)
{
	const struct patch_neighbour places[] = {
		{"_IO_list_lock", true, (uintptr_t)with_malloc_locked, &lock_malloc},
		{"_IO_list_unlock", false, (uintptr_t)before_malloc_is_unlocked, &unlock_malloc},
		{"_IO_iter_begin", false, (uintptr_t)before_malloc_is_unlocked_in_child,
		 &unlock_malloc_in_child},
	};
	int failed;

	/* A static program that never forks is linked without fork. */
	if (!libc_symbol(libc, "fork", NULL))
		return 0;
	failed = patch_repeated_call(libc, "fork", 3, (uintptr_t)with_handlers, &run_handlers);
	if (!failed)
		failed = patch_neighbours(libc, "fork", places, sizeof(places) / sizeof(places[0]));
	return failed == -ENOENT ? 0 : failed;
}
