/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * On i386 the library does not replace libc's syscall(2): the function takes its arguments from the
 * stack, so a replacement would have to move them all. What the program does through it is detected
 * before a page is split (region/verify.h).
 */
#ifndef CPU_SYSCALL_ENTRY_H
#define CPU_SYSCALL_ENTRY_H

#define CPU_HAS_SYSCALL_ENTRY 0

#define CPU_SYSCALL_ENTRY(numbers) _Static_assert(1, "")

#endif
