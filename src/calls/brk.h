/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sbrk and brk.
 *
 * Where a heap of ours serves the break (libc_calls.own_break) they lead there, otherwise to the
 * kernel.
 */
#ifndef CALLS_BRK_H
#define CALLS_BRK_H

#include <stdbool.h>
#include <stdint.h>

void *call_sbrk(intptr_t delta);
int call_brk(void *address);

/* The kernel's break, as sbrk has it without us: the old one, or -ENOMEM. */
long brk_kernel_sbrk(intptr_t delta);

/*
 * The trial after hooking: between begin and end, what the calling thread asks for memory fails and
 * is only recorded. end returns whether libc came to us for the break.
 */
void brk_trial_begin(void);
bool brk_trial_end(void);
bool brk_on_trial(void);

#endif
