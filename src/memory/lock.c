/*
 * The lock for the states of all regions: see lock.h. A futex, and no more of libc than its thread
 * pointer.
 */
#include <layout.h>
#include <stdint.h>

#include "memory/lock.h"
#include "sys.h"

static struct {
	uint32_t word;   /* 0 free, 1 held, 2 held and somebody waits */
	uintptr_t owner; /* the holder's thread pointer */
} lock;

/* Tries before a waiter sleeps: what is done under the lock takes microseconds, as a rule. */
#define LOCK_SPINS 200

bool memory_lock(void)
{
	uintptr_t self = cpu_thread_pointer();
	uint32_t expected = 0;

	if (__atomic_load_n(&lock.owner, __ATOMIC_RELAXED) == self)
		return false;
	for (int i = 0; i < LOCK_SPINS; i++) {
		expected = 0;
		if (__atomic_compare_exchange_n(&lock.word, &expected, 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			goto held;
		cpu_relax();
	}
	while (__atomic_exchange_n(&lock.word, 2, __ATOMIC_ACQUIRE))
		sys_pass(SYS_futex, (long)&lock.word, 128 /* FUTEX_WAIT_PRIVATE */, 2, 0, 0, 0);
held:
	__atomic_store_n(&lock.owner, self, __ATOMIC_RELAXED);
	return true;
}

void memory_unlock(void)
{
	__atomic_store_n(&lock.owner, 0, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&lock.word, 0, __ATOMIC_RELEASE) == 2)
		sys_pass(SYS_futex, (long)&lock.word, 129 /* FUTEX_WAKE_PRIVATE */, 1, 0, 0, 0);
}

void memory_unlock_in_child(void)
{
	__atomic_store_n(&lock.owner, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&lock.word, 0, __ATOMIC_RELEASE);
}
