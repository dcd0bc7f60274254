/*
 * The lock for the states of all regions: see lock.h. A futex, and no more of libc than its thread
 * pointer.
 *
 * Who holds it is in the same word as that it is held: a signal handler that comes between any two
 * instructions knows whether it has interrupted the holder, and does not wait for its own thread.
 */
#include <layout.h>
#include <stdint.h>

#include "base/sys.h"
#include "region/lock.h"

/* The holder's thread pointer, with WAITED where somebody may sleep for it; 0: free. */
static uintptr_t lock;

/* A thread pointer is aligned. */
#define WAITED ((uintptr_t)1)

/* Tries before a waiter sleeps: what is done under the lock takes microseconds, as a rule. */
#define LOCK_SPINS 200

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

static void sleep_while_held(void)
{
	uintptr_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED);

	if (holder &&
	    (holder & WAITED || __atomic_compare_exchange_n(&lock, &holder, holder | WAITED, false,
							    __ATOMIC_RELAXED, __ATOMIC_RELAXED)))
		sys_pass(SYS_futex, (long)futex_word(), 128 /* FUTEX_WAIT_PRIVATE */,
			 (long)(uint32_t)(holder | WAITED), 0, 0, 0);
}

bool lock_take(void)
{
	uintptr_t self = cpu_thread_pointer();

	if ((__atomic_load_n(&lock, __ATOMIC_RELAXED) & ~WAITED) == self)
		return false;
	for (int i = 0; i < LOCK_SPINS; i++) {
		if (take(self))
			return true;
		cpu_relax();
	}
	/* Others may sleep beside us: whoever comes from here wakes the next. */
	while (!take(self | WAITED))
		sleep_while_held();
	return true;
}

void lock_release(void)
{
	if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) & WAITED)
		sys_pass(SYS_futex, (long)futex_word(), 129 /* FUTEX_WAKE_PRIVATE */, 1, 0, 0, 0);
}

void lock_reset_in_child(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}
