/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of this process: see process.h.
 */
#include <sched.h>

#include "base/log.h"
#include "base/sys.h"
#include "region/process.h"

size_t process_base_bytes;
const bool *process_libc_single_threaded;

bool process_single_threaded(void)
{
	if (process_libc_single_threaded)
		return *process_libc_single_threaded;
	/* glibc before 2.32 has no such flag. */
	return !sys_sandboxed && sys_is_only_task();
}

bool process_alone(void)
{
	if (sys_sandboxed)
		return process_single_threaded();
	/* A filter may kill the process for unshare(2). */
	if (sys_is_filtered())
		return sys_is_only_task();
	return !sys_call(SYS_unshare, CLONE_VM);
}

void process_enter_sandbox(void)
{
	sys_sandboxed = true;
	log_stop();
}
