/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ABIs of x86 define per thread. Each CPU defines CPU_SELF, where the thread pointer is.
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The smallest huge page size. */
#define CPU_HUGE_BYTES_MIN ((size_t)2 << 20)

/* A protection flag that text may have besides the three in /proc/PID/maps, as mprotect takes it
 * and under its name in the VmFlags of smaps: this CPU has none. */
#define CPU_TEXT_RIGHT      0
#define CPU_TEXT_RIGHT_FLAG ""

static inline bool cpu_has_text_right(void)
{
	return false;
}

/* A value that is unique to the calling thread and readable without libc: the thread pointer. */
static inline uintptr_t cpu_thread_pointer(void)
{
	uintptr_t self;

	__asm__("mov " CPU_SELF ", %0" : "=r"(self));
	return self;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
