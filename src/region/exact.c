/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes memory atomically for all other users of it: see exact.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <task.h>

#include "base/log.h"
#include "base/sys.h"
#include "region/exact.h"
#include "region/helper.h"
#include "region/lock.h"
#include "region/process.h"
#include "region/remote_writers.h"
#include "region/stop_threads.h"
#include "region/write_protect.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif

static unsigned int allowed_by_setting = EXACT_BY_ALL;
static bool strict, quiet;
static bool lost; /* strict, and threads have begun that nothing can keep from writing */
static long program_ptracer;

/* If a foreign system call filter is installed: does it kill the process for these calls? */
enum { CALL_PRCTL, CALL_CLOSE_RANGE, CALL_USERFAULTFD, CALL_PTRACE, CALL_READ, CALLS };

static struct {
	bool tried;
	bool deadly[CALLS];
} filter;

static enum { POSSIBLE_UNKNOWN, POSSIBLE, IMPOSSIBLE } possible;

void exact_start(bool is_strict, bool is_quiet, unsigned int means)
{
	strict = is_strict;
	quiet = is_quiet;
	if (means)
		allowed_by_setting = means & EXACT_BY_ALL;
	remote_writers_start();
}

void exact_changed(void)
{
	possible = POSSIBLE_UNKNOWN;
}

void exact_note_ptracer(long process)
{
	program_ptracer = process;
}

/* The helper reads /proc/PID/status: are there pinned pages, which a device or io_uring may write
 * to? */
static bool is_pinned(void)
{
	static const char name[] = "VmPin:";
	char text[2048], *pinned;

	if (SYS_IS_ERROR(sys_read_file("/proc/self/status", text, sizeof(text))))
		return false;
	pinned = strstr(text, name);
	if (!pinned)
		return false;
	for (pinned += sizeof(name) - 1; *pinned == ' ' || *pinned == '\t'; pinned++)
		;
	return *pinned >= '1' && *pinned <= '9';
}

int exact_begin(struct exact *exact, uintptr_t address, size_t bytes)
{
	if (exact->by != EXACT_BY_USERFAULTFD)
		return 0;
	return write_protect_begin(exact->userfaultfd, address, bytes) ? -ENOTSUP : 0;
}

void exact_end(struct exact *exact, uintptr_t address, size_t bytes, bool replaced)
{
	if (exact->by == EXACT_BY_USERFAULTFD)
		write_protect_end(exact->userfaultfd, address, bytes, replaced);
}

static int run_protected(struct exact *exact)
{
	long fd = write_protect_open();
	int result;

	if (SYS_IS_ERROR(fd))
		return -ENOTSUP;
	exact->by = EXACT_BY_USERFAULTFD;
	exact->userfaultfd = (int)fd;
	result = exact->work(exact);
	sys_close((int)fd);
	return result;
}

static int run_stopped(struct exact *exact)
{
	struct stop stop;
	int result = stop_threads_begin(&stop, exact->process, exact->caller);

	if (result)
		return result == -ETIMEDOUT || result == -ENOMEM ? result : -EPERM;
	/* Other tasks that are not threads of this process, such as the parent of a vfork child,
	 * still run. */
	result = exact->others && !stop.count ? -EPERM : 0;
	exact->by = EXACT_BY_PTRACE;
	if (!result)
		result = exact->work(exact);
	stop_threads_end(&stop);
	return result;
}

/* A filter that kills for reading the list leaves only what was found before threads ran. */
static bool may_other_processes_write(const struct exact *exact)
{
	return exact->writable && !(exact->others && filter.deadly[CALL_READ]) &&
	       remote_writers_possible(exact->others);
}

/* Tries one means after the other. -ENOTSUP from work: nothing has changed yet, and another means
 * may succeed. */
static int run(struct exact *exact)
{
	int result = -ENOTSUP;

	if (may_other_processes_write(exact))
		return -EREMOTE;
	if (exact->allowed & EXACT_BY_USERFAULTFD)
		result = run_protected(exact);
	if (result == -ENOTSUP && exact->allowed & EXACT_BY_ALONE) {
		exact->by = EXACT_BY_ALONE;
		result = exact->work(exact);
	}
	if (result == -ENOTSUP && exact->allowed & EXACT_BY_PTRACE)
		result = run_stopped(exact);
	return result == -ENOTSUP ? -EPERM : result;
}

/*
 * Runs in the helper, which gets an empty table of descriptors of its own: none of them can leak
 * into a child that another thread makes meanwhile, and the program's limit of descriptors does not
 * matter.
 */
static int run_in_task(void *argument)
{
	struct exact *exact = argument;

	if (!filter.deadly[CALL_CLOSE_RANGE])
		sys_call(SYS_close_range, 0, UINT_MAX, CLOSE_RANGE_UNSHARE);
	if (is_pinned())
		return -EBUSY;
	return run(exact);
}

static int run_in_thread(void *argument)
{
	return run(argument);
}

/* Makes one call after the other with arguments that the kernel refuses, and records which ones
 * were survived. */
static int try_filter(void *argument)
{
	int *next = argument;

	while (*next < CALLS)
		switch ((*next)++) {
		case CALL_PRCTL:
			sys_call(SYS_prctl, PR_SET_PTRACER, -1);
			break;
		case CALL_CLOSE_RANGE:
			sys_call(SYS_close_range, 1);
			break;
		case CALL_USERFAULTFD:
			sys_call(SYS_userfaultfd, -1);
			break;
		case CALL_PTRACE:
			sys_call(SYS_ptrace, PTRACE_SEIZE);
			break;
		case CALL_READ:
			sys_call(SYS_process_vm_readv, -1);
			break;
		}
	return 0;
}

/*
 * A filter may kill for a call instead of refusing it. So a helper makes the calls, and is what
 * gets killed. It dumps no core, for which kernels before 5.16 would kill all tasks that share the
 * memory.
 */
static void learn_filter(void)
{
	int *next = helper_argument(), result;
	const bool dumpable = sys_call(SYS_prctl, PR_GET_DUMPABLE) == 1;

	if (filter.tried || !next)
		return;
	filter.tried = true;
	*next = 0;
	if (dumpable)
		sys_call(SYS_prctl, PR_SET_DUMPABLE);
	do {
		result = helper_run(try_filter);
		if (result)
			filter.deadly[*next ? *next - 1 : 0] = true;
	} while (result == -ECANCELED && *next < CALLS);
	if (dumpable)
		sys_call(SYS_prctl, PR_SET_DUMPABLE, 1);
	for (int i = 0; i < CALLS; i++)
		filter.deadly[i] = filter.deadly[i] || (result && i >= *next);
}

static unsigned int allowed_by_filter(void)
{
	return (filter.deadly[CALL_USERFAULTFD] ? 0 : EXACT_BY_USERFAULTFD) |
	       (filter.deadly[CALL_PTRACE] || filter.deadly[CALL_PRCTL] ? 0 : EXACT_BY_PTRACE) |
	       EXACT_BY_ALONE;
}

struct exact *exact_prepare(bool writable)
{
	struct exact *exact = helper_argument();
	unsigned int allowed = allowed_by_setting;
	bool filtered, alone, others;

	if (!exact)
		return NULL;
	/* Once the program is in a sandbox, only the calls of growth are made. */
	filtered = !sys_sandboxed && sys_is_filtered();
	others = writable && !process_alone();
	alone = allowed & EXACT_BY_ALONE && !others;
	/* A filter may even kill for clone(2), which a single-threaded process may never need. */
	if (filtered && !alone) {
		learn_filter();
		allowed &= allowed_by_filter();
	}
	if (!alone)
		allowed &= ~EXACT_BY_ALONE;
	else
		allowed &= ~EXACT_BY_PTRACE;
	if (sys_sandboxed || (filtered && alone))
		allowed &= EXACT_BY_ALONE;
	if (!helper_is_possible())
		allowed = EXACT_BY_ALONE;
	*exact = (struct exact){
		.allowed = allowed,
		.userfaultfd = -1,
		.in_task = helper_is_possible() && !sys_sandboxed && !(filtered && alone),
		.others = others,
		.writable = writable,
	};
	return exact;
}

/*
 * Yama allows descendants to trace a process that permits them explicitly. The program's own
 * setting is restored afterwards.
 */
static int run_traceable(const struct exact *exact, int (*work)(void *argument))
{
	const bool traced = exact->allowed & EXACT_BY_PTRACE;
	int result;

	if (traced)
		sys_call(SYS_prctl, PR_SET_PTRACER, exact->process);
	result = helper_run(work);
	if (traced)
		sys_call(SYS_prctl, PR_SET_PTRACER, program_ptracer);
	return result;
}

static int run_once(struct exact *exact)
{
	int result;

	if (!exact->allowed)
		return -EPERM;
	if (!exact->in_task)
		return helper_run_in_thread(run_in_thread);
	exact->process = sys_getpid();
	exact->caller = sys_call(SYS_gettid);
	result = run_traceable(exact, run_in_task);
	/* The limit of tasks is reached (ulimit -u): if this task is alone, the work can be done
	 * without another. */
	if (result == -EAGAIN && exact->allowed & EXACT_BY_ALONE) {
		exact->allowed = EXACT_BY_ALONE;
		result = helper_run_in_thread(run_in_thread);
	}
	return result;
}

/* Reading /proc takes more room than a small stack of the program's has. */
static int is_alone_soon(void *unused)
{
	(void)unused;
	return process_alone_soon();
}

/* Others used the memory when exact_prepare() asked, and may be gone when they were to be stopped:
 * then the last of them was ending. */
int exact_run(struct exact *exact)
{
	int result = run_once(exact);

	if (result != -EPERM || !exact->others || helper_run_in_thread(is_alone_soon) != true)
		return result;
	exact->others = false;
	exact->allowed |= allowed_by_setting & EXACT_BY_ALONE;
	return run_once(exact);
}

/* Like exact_run(), in the helper, without memory to work on. */
static int try_ways(struct exact *exact)
{
	long fd = exact->allowed & EXACT_BY_USERFAULTFD ? write_protect_open() : -EPERM;

	if (!SYS_IS_ERROR(fd)) {
		sys_close((int)fd);
		return 0;
	}
	/* The caller does not notice: it sleeps, and is let go when the helper ends. */
	if (exact->allowed & EXACT_BY_PTRACE && !sys_call(SYS_ptrace, PTRACE_SEIZE, exact->caller))
		return 0;
	return -EPERM;
}

static int try_in_task(void *argument)
{
	return try_ways(argument);
}

/* Really tries; with a filter, the calls that it kills for have been excluded before. */
static bool try_possible(void)
{
	struct exact *exact = helper_argument();
	const bool filtered = sys_is_filtered();

	if (!exact)
		return false;
	if (filtered)
		learn_filter();
	*exact = (struct exact){
		.allowed = allowed_by_setting & (filtered ? allowed_by_filter() : EXACT_BY_ALL),
		.process = sys_getpid(),
		.caller = sys_call(SYS_gettid),
	};
	return !run_traceable(exact, try_in_task);
}

/* Will changes be exact even if more threads run later? Tries once and caches the result. */
static bool is_possible(void)
{
	if (sys_sandboxed)
		return false;
	if (possible == POSSIBLE_UNKNOWN)
		possible = try_possible() ? POSSIBLE : IMPOSSIBLE;
	return possible == POSSIBLE;
}

/* The attributes that decide whether the process may be traced and may use userfaultfd. */
static long privileges(void)
{
	return sys_geteuid() << 2 | sys_call(SYS_prctl, PR_GET_DUMPABLE);
}

/* Those with which `possible` was found. */
static long known = -1;

/* The process may change what it may do without our hearing of it. */
static bool is_possible_still(void)
{
	bool result;

	if (possible == POSSIBLE && known == privileges())
		return true;
	if (possible == IMPOSSIBLE || !lock_take())
		return possible != IMPOSSIBLE;
	possible = POSSIBLE_UNKNOWN;
	known = privileges();
	result = is_possible();
	lock_release();
	return result;
}

/* A child of vfork in a process without threads is none: libc's word comes first. */
static bool threads_run(void)
{
	return !process_single_threaded() && !process_alone();
}

static bool is_lost_once(void)
{
	return !__atomic_exchange_n(&lost, true, __ATOMIC_RELAXED);
}

bool exact_is_lost(bool thread_begins)
{
	if (!strict || lost)
		return false;
	if (thread_begins && process_single_threaded() && remote_writers_possible(false))
		return is_lost_once();
	/* What was allowed at the start and is no longer is left at once: threads are likely. */
	if (!thread_begins && possible != POSSIBLE && !threads_run())
		return false;
	return (sys_sandboxed || !is_possible_still()) && is_lost_once();
}

bool exact_is_given_up(void)
{
	return strict && !lost && !sys_sandboxed && threads_run() && is_lost_once();
}

bool exact_allows_hugetlb(const char *feature)
{
	static const char reason[] =
		"%s: HUGETLB_EXACT: calls on part of a hugetlb page can fail here; using transparent "
		"huge pages";

	if (!strict)
		return true;
	if (lost)
		return false;
	if (!remote_writers_possible(!process_single_threaded())) {
		if ((!quiet || !process_single_threaded()) && is_possible_still())
			return true;
		if (allowed_by_setting & EXACT_BY_ALONE && process_single_threaded())
			return true;
	}
	if (quiet)
		log_info(reason, feature);
	else
		log_warning(reason, feature);
	return false;
}

const char *exact_matter(int error)
{
	switch (error) {
	case -EPERM:
		return "other threads run, and neither userfaultfd nor ptrace is allowed";
	case -EBUSY:
		return "some memory is pinned for a device or io_uring";
	case -EREMOTE:
		return "MPI is loaded: other processes may write to it";
	case -ETIMEDOUT:
		return "a thread did not stop";
	case -EAGAIN:
		return "no helper task: too many tasks";
	case -ECANCELED:
		return "the helper task was killed";
	case -EDEADLK:
		return "another thread has held the library's lock for a minute";
	case -EDQUOT:
		return "its cgroup's memory limit";
	default:
		return "no memory";
	}
}
