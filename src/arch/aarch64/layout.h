/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ABI of arm64 defines for a thread.
 */
#ifndef CPU_LAYOUT_H
#define CPU_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

/* The smallest huge page size. */
#define CPU_HUGE_BYTES_MIN ((size_t)64 << 10)

/*
 * A protection flag that text may have besides the three in /proc/PID/maps, as mprotect takes it
 * and under its name in the VmFlags of smaps: indirect branches must end at landing pads
 * (PROT_BTI).
 */
#define CPU_TEXT_RIGHT      0x10
#define CPU_TEXT_RIGHT_FLAG "bt"

static inline bool cpu_has_text_right(void)
{
	return getauxval(AT_HWCAP2) & (1ul << 17); /* HWCAP2_BTI */
}

/* A value that is unique to the calling thread and readable without libc: the thread pointer. */
static inline uintptr_t cpu_thread_pointer(void)
{
	uintptr_t self;

	__asm__("mrs %0, tpidr_el0" : "=r"(self));
	return self;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

#endif
