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
#include <time.h>

#include "base/sys.h"
#include "region/lock.h"

/* The holder's thread pointer, with WAITED where somebody may sleep for it; 0: free. */
static uintptr_t lock;

/* A thread pointer is aligned. */
#define WAITED ((uintptr_t)1)

/* Tries before a waiter sleeps: what is done under the lock usually takes microseconds. */
#define LOCK_SPINS 200

/* A waiter sleeps so long at a time, and so often. */
#define NAP_SECONDS 1
#define NAPS_MAX    10

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

/* False: the time is over. */
static bool sleep_while_held(void)
{
	const struct timespec nap = {.tv_sec = NAP_SECONDS};
	uintptr_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);

	if (!holder || (!(holder & WAITED) &&
			!__atomic_compare_exchange_n(&lock, &holder, holder | WAITED, false,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED)))
		return true;
	return sys_pass(SYS_futex, (long)futex_word(), 128 /* FUTEX_WAIT_PRIVATE */,
			(long)(uint32_t)(holder | WAITED), (long)&nap, 0, 0) != -ETIMEDOUT;
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
	while (!take(self | WAITED))
		if (!sleep_while_held() && ++naps == NAPS_MAX)
			return false;
	return true;
}

/* Not a test's to fail: for what is done while a handler may run, see sys_sandboxed. */
static bool set_mask(const uint64_t *mask, uint64_t *before)
{
	return !sys_pass(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)mask, (long)before,
			 sizeof(*mask), 0, 0);
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
		sys_pass(SYS_futex, (long)futex_word(), 129 /* FUTEX_WAKE_PRIVATE */, 1, 0, 0, 0);
	if (blocked)
		set_mask(&before, NULL);
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
