/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ABI of i386 lays down in a thread.
 */
#ifndef CPU_LAYOUT_H
#define CPU_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No huge page is smaller. */
#define CPU_HUGE_BYTES_MIN ((size_t)2 << 20)

/* A right that text may have beside the three that /proc/PID/maps shows, as mprotect takes it and
 * as VmFlags of smaps call it: there is none here. */
#define CPU_TEXT_RIGHT      0
#define CPU_TEXT_RIGHT_FLAG ""

static inline bool cpu_has_text_right(void)
{
	return false;
}

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
