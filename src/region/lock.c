/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock for the states of all regions: see lock.h. A futex; of libc it needs only the thread
 * pointer.
 *
 * The word that says that the lock is held also says by whom: a signal handler that runs between
 * any two instructions knows whether it has interrupted the holder, and does not wait for its own
 * thread. Only the holder of the lock sets signals.blocked, which lock_release() reads.
 */
#include <errno.h>
#include <layout.h>
#include <stdint.h>
#include <task.h>
#include <time.h>
#include <valgrind.h>

#include "base/aside.h"
#include "base/sys.h"
#include "region/lock.h"
#include "region/process.h"

/* The holder's thread pointer, with WAITED if a thread may be sleeping for it; 0: free. */
static uintptr_t lock;

/* A thread pointer is aligned. */
#define WAITED ((uintptr_t)1)

/* How often a waiter tries before it sleeps: the lock is usually held for microseconds. */
#define LOCK_SPINS 200

/* How long a waiter sleeps at a time, and how often: on a busy machine a holder of low priority may
 * get a hundredth of a CPU. The shorter time applies while no thread of this process has taken the
 * lock yet. */
#define NAP_SECONDS     1
#define NAPS_MAX        60
#define NAP_NANOSECONDS 20000000

/*
 * Not 0 if a thread of this process may have taken the lock: set before the lock is taken, when it
 * is seen free. The kernel clears it in a child, even in one whose creation the library did not see
 * (an inline fork system call), so a child knows that the holder is its parent's thread. NULL:
 * while there has been one thread only, or if the kernel refuses it (before Linux 4.14).
 */
static uint8_t *taken_here;

/* The holder for whom a wait has ended; 0 once the lock was free. Further waits are brief. */
static uintptr_t lost;

/* The signals that the holder's thread had blocked before; meaningless if `blocked` is false. */
static struct {
	uint64_t before;
	bool blocked;
} signals;

static bool take(uintptr_t holder)
{
	uint8_t *mark = __atomic_load_n(&taken_here, __ATOMIC_ACQUIRE);
	uintptr_t expected = 0;

	/* A child's lock that is free is no longer the parent's. */
	if (mark && !__atomic_load_n(mark, __ATOMIC_RELAXED) &&
	    !__atomic_load_n(&lock, __ATOMIC_ACQUIRE))
		__atomic_store_n(mark, 1, __ATOMIC_RELEASE);
	return __atomic_compare_exchange_n(&lock, &expected, holder, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* A futex has 32 bits: the lower ones. Two threads whose pointers share these would wake once for
 * nothing. */
static uint32_t *futex_word(void)
{
	return (uint32_t *)&lock +
	       (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(lock) / sizeof(uint32_t) - 1 : 0);
}

/* If it is held, it was taken in the parent. */
static bool is_inherited(void)
{
	const uint8_t *mark = __atomic_load_n(&taken_here, __ATOMIC_ACQUIRE);

	return mark && !__atomic_load_n(mark, __ATOMIC_RELAXED);
}

/* False: the deadline has passed. */
static bool sleep_while_held(void)
{
	const struct timespec usual = {.tv_sec = NAP_SECONDS}, brief = {.tv_nsec = NAP_NANOSECONDS};
	const struct timespec *nap = is_inherited() ? &brief : &usual;
	uintptr_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);

	if (!holder || (!(holder & WAITED) &&
			!__atomic_compare_exchange_n(&lock, &holder, holder | WAITED, false,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED)))
		return true;
	return sys_pass(SYS_futex, futex_word(), 128 /* FUTEX_WAIT_PRIVATE */,
			(uint32_t)(holder | WAITED), nap) != -ETIMEDOUT;
}

/* With the lock held, if other threads could hold it during a fork. */
static void map_taken_here(void)
{
	static bool tried;
	long page;

	if (tried || sys_sandboxed ||
	    (process_libc_single_threaded && *process_libc_single_threaded))
		return;
	tried = true;
	page = aside_map(process_base_bytes, 0);
	if (SYS_IS_ERROR(page))
		return;
	/* before others can see it: the lock is held by this thread */
	*(uint8_t *)page = 1;
	if (sys_madvise((uintptr_t)page, process_base_bytes, MADV_WIPEONFORK))
		sys_munmap((uintptr_t)page, process_base_bytes);
	else
		__atomic_store_n(&taken_here, (uint8_t *)page, __ATOMIC_RELEASE);
}

/* Frees a lock that was taken in the parent. A thread of this process would have marked it before.
 */
static void free_of_parent(void)
{
	uintptr_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);

	if (is_inherited() && holder)
		__atomic_compare_exchange_n(&lock, &holder, 0, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
}

static int naps_for(uintptr_t holder)
{
	return holder && holder == __atomic_load_n(&lost, __ATOMIC_RELAXED) ? 1 : NAPS_MAX;
}

static bool take_in_time(uintptr_t self)
{
	int naps = 0;
	uintptr_t holder;

	for (int i = 0; i < LOCK_SPINS; i++) {
		if (take(self))
			return true;
		cpu_relax();
	}
	/* Other threads may be sleeping, too: a thread that gets the lock here wakes the next one
	 * on release. */
	while (!take(self | WAITED)) {
		if (sleep_while_held()) {
			naps = 0; /* it was released, and another thread was faster */
			continue;
		}
		holder = __atomic_load_n(&lock, __ATOMIC_RELAXED) & ~WAITED;
		if (++naps >= naps_for(holder)) {
			__atomic_store_n(&lost, holder, __ATOMIC_RELAXED);
			return false;
		}
		free_of_parent();
	}
	return true;
}

/* Tests cannot make this call fail: it is used while a handler may run, see sys_sandboxed. */
static bool set_mask(const uint64_t *mask, uint64_t *before)
{
	return !sys_pass(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, mask, before, sizeof(*mask));
}

bool lock_take(void)
{
	const uint64_t all = UINT64_MAX;
	const uintptr_t self = cpu_thread_pointer();
	uint64_t before;
	bool blocked;

	if ((__atomic_load_n(&lock, __ATOMIC_RELAXED) & ~WAITED) == self)
		return false;
	blocked = !sys_sandboxed && set_mask(&all, &before);
	if (!take_in_time(self)) {
		if (blocked)
			set_mask(&before, NULL);
		return false;
	}
	if (lost)
		__atomic_store_n(&lost, 0, __ATOMIC_RELAXED);
	if (!taken_here)
		map_taken_here();
	signals.blocked = blocked;
	if (blocked)
		signals.before = before;
	return true;
}

void lock_release(void)
{
	const uint64_t before = signals.before;
	const bool blocked = signals.blocked;

	if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) & WAITED)
		sys_pass(SYS_futex, futex_word(), 129 /* FUTEX_WAKE_PRIVATE */, 1);
	if (blocked)
		set_mask(&before, NULL);
}

/* Arguments of the function that runs on the library's stack. */
struct stack_call {
	long (*function)(const long *arguments);
	const long *arguments;
	long *result;
};

static int run(void *argument)
{
	const struct stack_call *wanted = argument;

	*wanted->result = wanted->function(wanted->arguments);
	return 0;
}

bool lock_run(long (*function)(const long *arguments), const long *arguments, long *result)
{
	static _Alignas(64) unsigned char stack[LOCK_STACK_BYTES];
	struct stack_call wanted = {function, arguments, result};

	if (!lock_take())
		return false;
	/* A handler that is not blocked would run on this stack, too; and valgrind reports the
	 * change of stacks. */
	if (signals.blocked && !cpu_runs_on_valgrind())
		cpu_call_on_stack((uintptr_t)(stack + sizeof(stack)), run, &wanted);
	else
		run(&wanted);
	lock_release();
	return true;
}

/* Hot: see calls/fork.c. */
__attribute__((hot)) void lock_reset_in_child(void)
{
	const uint64_t before = signals.before;
	const bool blocked = signals.blocked;

	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	if (blocked)
		set_mask(&before, NULL);
}
