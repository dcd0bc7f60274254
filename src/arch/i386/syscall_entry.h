/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * i386 has no entry point of ours for libc's syscall(2): it takes its arguments from the stack, so
 * a function of ours would have to move them all. What the program does by it is found out before a
 * page is split (region/verify.h).
 */
#ifndef CPU_SYSCALL_ENTRY_H
#define CPU_SYSCALL_ENTRY_H

#define CPU_HAS_SYSCALL_ENTRY 0

#define CPU_SYSCALL_ENTRY(numbers) _Static_assert(1, "")

#endif
