/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sbrk and brk.
 *
 * If the library's heap serves the break (libc_calls.own_break) they call that, otherwise the
 * kernel.
 */
#ifndef CALLS_BRK_H
#define CALLS_BRK_H

#include <stdbool.h>
#include <stdint.h>

void *call_sbrk(intptr_t delta);
int call_brk(void *address);

/* The system call, by syscall(2): returns the break, which a wrong address leaves as it is. */
long call_brk_by_number(uintptr_t address);

/* The kernel's break, with the semantics of sbrk: returns the old break, or -ENOMEM. */
long brk_kernel_sbrk(intptr_t delta);

/*
 * The trial after hooking: between begin and end, memory requests of the calling thread fail and
 * are only recorded. end returns whether libc called the hooked functions for the break.
 */
void brk_trial_begin(void);
bool brk_trial_end(void);
bool brk_on_trial(void);

#endif
