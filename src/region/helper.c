/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs work while the calling thread runs nothing: see helper.h.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <task.h>
#include <valgrind.h>

#include "base/aside.h"
#include "base/sys.h"
#include "region/helper.h"
#include "region/registry.h"

#ifndef CLONE_UNTRACED
#define CLONE_UNTRACED 0x00800000
#endif

struct area {
	_Alignas(64) unsigned char stack[HELPER_STACK_BYTES];
	_Alignas(64) unsigned char argument[HELPER_ARGUMENT_BYTES];
	int (*work)(void *argument);
	long parent; /* the process that the helper works for */
	int result;
};

/* Nearly always the area in use. In a static program it may lie in a page of a region. */
static struct area in_library;
static struct area *area;

static struct area *find_area(void)
{
	const uintptr_t start = (uintptr_t)&in_library;
	long mapped;

	if (area && !registry_touch((uintptr_t)area, (uintptr_t)area + sizeof(*area)))
		return area;
	if (!registry_touch(start, start + sizeof(in_library))) {
		area = &in_library;
		return area;
	}
	mapped = aside_map(sizeof(*area), MAP_NORESERVE);
	area = SYS_IS_ERROR(mapped) ? NULL : (struct area *)mapped;
	return area;
}

void *helper_argument(void)
{
	struct area *found = find_area();

	return found ? found->argument : NULL;
}

static int in_task(void *argument)
{
	struct area *here = argument;

	/* A parent that died before this call sends no signal; then nothing needs the work. */
	sys_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (sys_call(SYS_getppid) != here->parent)
		return 0;
	here->result = here->work(here->argument);
	return 0;
}

static void wait_for(long task)
{
	int status;
	long waited;

	/* The kernel interrupts the wait for task work of this thread; -ECHILD: another thread has
	 * waited for it. */
	do
		waited = sys_pass(SYS_wait4, task, &status, __WALL);
	while (waited == -EINTR);
}

bool helper_is_possible(void)
{
	return !cpu_runs_on_valgrind();
}

int helper_run(int (*work)(void *argument))
{
	const unsigned long flags =
		CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_FS | CLONE_UNTRACED;
	struct area *here = find_area();
	long task;

	if (!here)
		return -ENOMEM;
	if (!helper_is_possible())
		return -EAGAIN;
	here->work = work;
	here->parent = sys_getpid();
	here->result = -ECANCELED;
	task = cpu_start_task(flags, (uintptr_t)(here->stack + sizeof(here->stack)), in_task, here);
	if (SYS_IS_ERROR(task))
		return (int)task;
	wait_for(task);
	return here->result;
}

int helper_run_in_thread(int (*work)(void *argument))
{
	struct area *here = find_area();

	if (!here)
		return -ENOMEM;
	return cpu_call_on_stack((uintptr_t)(here->stack + sizeof(here->stack)), work,
				 here->argument);
}
