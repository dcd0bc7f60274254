/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook of fork, installed when it is first needed: see fork_later.h.
 *
 * The handlers of pthread_atfork() are called by every fork() of libc's. They are the first that a
 * process registers, so the one before the fork runs as the last of its kind, next to the call that
 * is hooked, and the others as the first of theirs. Where the hook cannot be installed by then, a
 * process with one thread is served by the handlers themselves; with more of them, memory is left
 * to the kernel's copy on write: another thread in malloc might wait for the library's lock.
 */
#include "base/sys.h"
#include "calls/fork.h"
#include "calls/fork_later.h"
#include "calls/state.h"
#include "hook/patch.h"
#include "hook/text_write.h"
#include "region/lock.h"
#include "region/process.h"

typedef int register_handlers(void (*before)(void), void (*in_parent)(void), void (*in_child)(void),
			      void *object);

static bool waits;   /* the hook is still to be installed */
static bool refused; /* it could not be */
static bool begun;   /* the handlers serve the present fork */

/* Under the lock, on its stack: the caller may be a coroutine with 4 kB. */
static long hook(const long *unused)
{
	const struct libc *libc = &libc_calls.libc;
	int failed;

	(void)unused;
	if (!waits)
		return 0;
	waits = false;
	/* A filter may kill the process for what this needs. */
	refused = sys_sandboxed || sys_is_filtered();
	if (refused)
		return 0;
	failed = fork_prepare(libc);
	if (!failed)
		failed = (process_alone() && text_write_is_allowed() ? patch_write : patch_install)(
			libc, NULL, 0);
	refused = failed;
	return 0;
}

void fork_later_now(void)
{
	long done;

	if (__atomic_load_n(&waits, __ATOMIC_RELAXED))
		lock_run(hook, NULL, &done);
}

static void before(void)
{
	if (!libc_calls.active)
		return;
	fork_later_now();
	if (refused && process_single_threaded())
		begun = fork_begin();
}

static void in_parent(void)
{
	if (begun) {
		begun = false;
		fork_end_in_parent();
	}
}

static void in_child(void)
{
	if (begun) {
		begun = false;
		fork_end_in_child();
	}
}

bool fork_later_prepare(const struct libc *libc)
{
	static bool registered;
	register_handlers *with_libc;

	if (libc->static_address || !libc_symbol(libc, "_Fork", NULL))
		return false;
	if (!registered) {
		with_libc = (register_handlers *)libc_symbol(libc, "__register_atfork", NULL);
		registered = with_libc && !with_libc(before, in_parent, in_child, NULL);
	}
	waits = registered;
	return registered;
}

void fork_later_stop(void)
{
	waits = refused = false;
}
