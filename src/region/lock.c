/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock for the states of all regions: see lock.h. A futex, and no more of libc than its thread
 * pointer.
 *
 * Who holds it is in the same word as that it is held: a signal handler that comes between any two
 * instructions knows whether it has interrupted the holder, and does not wait for its own thread.
 * Who sets signals.blocked to what lock_release() reads holds the lock.
 */
#include <errno.h>
#include <layout.h>
#include <stdint.h>
#include <task.h>
#include <time.h>
#include <valgrind.h>

#include "base/sys.h"
#include "region/lock.h"
#include "region/process.h"

/* The holder's thread pointer, with WAITED where somebody may sleep for it; 0: free. */
static uintptr_t lock;

/* A thread pointer is aligned. */
#define WAITED ((uintptr_t)1)

/* Tries before a waiter sleeps: what is done under the lock usually takes microseconds. */
#define LOCK_SPINS 200

/* A waiter sleeps so long at a time, and so often; the second one where nobody has taken the lock
 * in this process yet. */
#define NAP_SECONDS     1
#define NAPS_MAX        10
#define NAP_NANOSECONDS 20000000

/*
 * Not 0 where the lock was taken in this process. The kernel empties it in a child, also in one
 * that nobody told us of (an inline fork system call): so a child knows that the holder is its
 * parent's thread. NULL: as long as there was one thread only, or the kernel refuses it (before
 * Linux 4.14).
 */
static uint8_t *taken_here;

/* The signals that the holder's thread had blocked before, unless `blocked` is false. */
static struct {
	uint64_t before;
	bool blocked;
} signals;

static bool take(uintptr_t holder)
{
	uintptr_t expected = 0;

	return __atomic_compare_exchange_n(&lock, &expected, holder, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* A futex has 32 bits: the lower ones. Two threads alike in these would wake once for nothing. */
static uint32_t *futex_word(void)
{
	return (uint32_t *)&lock +
	       (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(lock) / sizeof(uint32_t) - 1 : 0);
}

/* The lock came from the parent, or somebody takes it for the first time just now. */
static bool is_inherited(void)
{
	const uint8_t *mark = __atomic_load_n(&taken_here, __ATOMIC_ACQUIRE);

	return mark && !__atomic_load_n(mark, __ATOMIC_RELAXED);
}

/* False: the time is over. */
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

/* With the lock held, and threads that could hold it while another one forks. */
static void map_taken_here(void)
{
	static bool tried;
	long page;

	if (tried || sys_sandboxed ||
	    (process_libc_single_threaded && *process_libc_single_threaded))
		return;
	tried = true;
	page = sys_mmap(0, process_base_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (SYS_IS_ERROR(page))
		return;
	if (sys_madvise((uintptr_t)page, process_base_bytes, MADV_WIPEONFORK))
		sys_munmap((uintptr_t)page, process_base_bytes);
	else
		__atomic_store_n(&taken_here, (uint8_t *)page, __ATOMIC_RELEASE);
}

/* With the lock held. */
static void note_taken_here(void)
{
	if (!taken_here)
		map_taken_here();
	if (taken_here && !*taken_here)
		__atomic_store_n(taken_here, 1, __ATOMIC_RELAXED);
}

/* Frees a lock that came from the parent. A thread of this process would have noted by now. */
static void free_of_parent(void)
{
	uintptr_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);

	if (is_inherited() && holder)
		__atomic_compare_exchange_n(&lock, &holder, 0, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
}

static bool take_in_time(uintptr_t self)
{
	int naps = 0;

	for (int i = 0; i < LOCK_SPINS; i++) {
		if (take(self))
			return true;
		cpu_relax();
	}
	/* Others may sleep beside us: whoever comes from here wakes the next. */
	while (!take(self | WAITED)) {
		if (sleep_while_held())
			continue;
		if (++naps == NAPS_MAX)
			return false;
		free_of_parent();
	}
	return true;
}

/* Not a test's to fail: for what is done while a handler may run, see sys_sandboxed. */
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
	note_taken_here();
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

/* What runs on the stack. */
struct run {
	long (*function)(const long *arguments);
	const long *arguments;
	long *result;
};

static int run(void *argument)
{
	const struct run *wanted = argument;

	*wanted->result = wanted->function(wanted->arguments);
	return 0;
}

bool lock_run(long (*function)(const long *arguments), const long *arguments, long *result)
{
	static _Alignas(64) unsigned char stack[LOCK_STACK_BYTES];
	struct run wanted = {function, arguments, result};

	if (!lock_take())
		return false;
	/* A handler that is not blocked would run there, too; and valgrind reports another stack.
	 */
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
