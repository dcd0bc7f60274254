/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sbrk and brk: see brk.h.
 */
#include <errno.h>
#include <layout.h>

#include "base/sys.h"
#include "calls/brk.h"
#include "calls/result.h"
#include "calls/state.h"
#include "region/transparent.h"

static struct {
	uintptr_t thread; /* the thread that makes the trial, or 0 */
	bool asked_break;
} trial;

bool brk_on_trial(void)
{
	return trial.thread && trial.thread == cpu_thread_pointer();
}

void brk_trial_begin(void)
{
	trial.asked_break = false;
	trial.thread = cpu_thread_pointer();
}

bool brk_trial_end(void)
{
	trial.thread = 0;
	return trial.asked_break;
}

/* As libc does: for an address below the heap the kernel leaves the break where it is, which is not
 * an error. */
static int kernel_brk(uintptr_t address)
{
	return (uintptr_t)sys_pass(SYS_brk, address) < address ? -ENOMEM : 0;
}

long brk_kernel_sbrk(intptr_t delta)
{
	uintptr_t now = (uintptr_t)sys_pass(SYS_brk);
	uintptr_t to = now + (uintptr_t)delta;

	if (!delta)
		return (long)now;
	return (delta > 0) != (to > now) || kernel_brk(to) ? -ENOMEM : (long)now;
}

void *call_sbrk(intptr_t delta)
{
	if (brk_on_trial()) {
		trial.asked_break = true;
		return (void *)answer(-ENOMEM);
	}
	if (!libc_calls.own_break)
		return (void *)answer(brk_kernel_sbrk(delta));
	transparent_if_inexact(false);
	return (void *)answer(libc_calls.own_break->sbrk(delta));
}

int call_brk(void *address)
{
	int result;

	if (libc_calls.own_break && libc_calls.own_break->brk((uintptr_t)address, &result))
		return (int)answer(result);
	/* Below the library's heap: the kernel's break, which still exists. */
	return (int)answer(kernel_brk((uintptr_t)address));
}

long call_brk_by_number(uintptr_t address)
{
	if (!libc_calls.own_break)
		return sys_pass(SYS_brk, address);
	transparent_if_inexact(false);
	return libc_calls.own_break->system_call(address);
}
