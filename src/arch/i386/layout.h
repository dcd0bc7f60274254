/*
 * What the ABI of i386 lays down in a thread.
 */
#ifndef CPU_LAYOUT_H
#define CPU_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

/* No huge page is smaller. */
#define CPU_HUGE_BYTES_MIN ((size_t)2 << 20)

/* A value that is the calling thread's alone, and readable without libc: the thread pointer. */
static inline uintptr_t cpu_thread_pointer(void)
{
	uintptr_t self;

	__asm__("movl %%gs:0, %0" : "=r"(self));
	return self;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
