/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * _exit() and _Exit(), in place of libc's, for programs that call them by name: they run no
 * destructor, so the report is written here. libc itself calls its own, which needs nothing: then
 * the destructor has run. Not in libhugetlbfs.a, as in calls/fork_exports.c.
 */
#include <stdbool.h>
#include <stdint.h>
#include <task.h>

#include "base/sys.h"
#include "options/options.h"
#include "region/process.h"
#include "report.h"

#define EXPORTED __attribute__((visibility("default")))

/* A crash handler may call _exit() on an alternate stack of 2 KiB. */
static char stack[64 << 10] __attribute__((aligned(16)));

static bool in_use; /* by the first thread that ends the process */

/*
 * In a child of vfork() the memory is the parent's, and the report would be the parent's too. A
 * filter of system calls may kill for what finds that out.
 */
static bool has_memory_of_its_own(void)
{
	return !sys_sandboxed && !sys_is_filtered() && (!sys_is_only_task() || process_alone());
}

static int write_report(void *argument)
{
	(void)argument;
	if (has_memory_of_its_own())
		report_end();
	return 0;
}

/* Hot: next to what a process runs at its start, for a fork's child has none of the library's text
 * in its page tables. */
static void __attribute__((noreturn, hot)) end(int status)
{
	/* no write where there is nothing to report: in a fork's child it would copy a page */
	if (options_get(NULL, NULL)->report &&
	    !__atomic_exchange_n(&in_use, true, __ATOMIC_ACQUIRE)) {
		cpu_call_on_stack((uintptr_t)(stack + sizeof(stack)), write_report, NULL);
		/* a child of vfork() has set it for its parent, too */
		__atomic_store_n(&in_use, false, __ATOMIC_RELEASE);
	}
	sys_exit_group(status);
	__builtin_unreachable();
}

EXPORTED void _exit(int status) __attribute__((noreturn, hot));
EXPORTED void _exit(int status)
{
	end(status);
}

EXPORTED void _Exit(int status) __attribute__((noreturn, hot));
EXPORTED void _Exit(int status)
{
	end(status);
}
