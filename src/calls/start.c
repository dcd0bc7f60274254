/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooking libc's entry points, for all features: see start.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "calls/brk.h"
#include "calls/fork.h"
#include "calls/fork_handlers.h"
#include "calls/fork_later.h"
#include "calls/madvise.h"
#include "calls/mlock.h"
#include "calls/mmap.h"
#include "calls/mremap.h"
#include "calls/open.h"
#include "calls/prctl.h"
#include "calls/shmat.h"
#include "calls/start.h"
#include "calls/syscall.h"
#include "calls/userfaultfd.h"
#include "hook/patch.h"
#include "hook/text_write.h"
#include "proc/confinement.h"
#include "region/exact.h"
#include "region/process.h"

static unsigned int users;
static bool break_redirected, watching;
static bool alone;    /* no other task shares the memory: as prepare() has found it */
static bool in_place; /* ... and libc's text may be written to, which is not executable meanwhile */

/* A function as a handler: a jump does not depend on its type. */
#define HANDLER(function) ((void (*)(void))(function))

static const struct hook hooks[] = {
	/* first: left out if open cannot be hooked */
	{"open", HANDLER(call_open), true},
	{"open64", HANDLER(call_open64), true},
	{"mmap", HANDLER(call_mmap), false},
	{"mmap64", HANDLER(call_mmap64), false},
	{"munmap", HANDLER(call_munmap), false},
	{"mremap", HANDLER(call_mremap), false},
	{"mprotect", HANDLER(call_mprotect), false},
	{"madvise", HANDLER(call_madvise), false},
	{"posix_madvise", HANDLER(call_posix_madvise), true},
	{"process_madvise", HANDLER(call_process_madvise), true},
	{"mlock", HANDLER(call_mlock), false},
	{"munlock", HANDLER(call_munlock), false},
	{"mlockall", HANDLER(call_mlockall), true},
	{"munlockall", HANDLER(call_munlockall), true},
	{"mlock2", HANDLER(call_mlock2), true},
	{"pkey_mprotect", HANDLER(call_pkey_mprotect), true},
	{"prctl", HANDLER(call_prctl), false},
	{"ioctl", HANDLER(call_ioctl), false},
	{"shmat", HANDLER(call_shmat), true},
	{"shmctl", HANDLER(call_shmctl), true},
	{"shmdt", HANDLER(call_shmdt), true},
	{"syscall", HANDLER(call_syscall), true},
	/* last: left out without the break */
	{"sbrk", HANDLER(call_sbrk), false},
	{"brk", HANDLER(call_brk), false},
};

/* The hooks of calls_watch(); on CPUs with a 64-bit long, mmap64 is mmap. */
static const struct hook watching_hooks[] = {
	{"mmap", HANDLER(call_mmap), false},   {"mmap64", HANDLER(call_mmap64), false},
	{"prctl", HANDLER(call_prctl), false}, {"syscall", HANDLER(call_syscall), true},
	{"sbrk", HANDLER(call_sbrk), false},   {"brk", HANDLER(call_brk), false},
};

#define WATCHING_REDIRECTS ((int)(sizeof(watching_hooks) / sizeof(watching_hooks[0])))

#define ALL_REDIRECTS   ((int)(sizeof(hooks) / sizeof(hooks[0])))
#define BREAK_REDIRECTS 2
#define OPEN_REDIRECTS  2

static int hook_fork(bool may_wait)
{
	int failed;

	if (may_wait && fork_later_prepare(&libc_calls.libc))
		return 0;
	failed = fork_prepare(&libc_calls.libc);
	return failed == -ENOENT ? fork_handlers_prepare(&libc_calls.libc) : failed;
}

/* Patches the functions that are not yet patched. */
static int redirect(bool with_break)
{
	const bool writes = in_place && !watching && !libc_calls.copies_text;
	int (*const patch)(const struct libc *, const struct hook *, int) =
		writes ? patch_write : patch_install;
	int failed = 0;

	if (!libc_calls.active) {
		const int first = open_prepare(&libc_calls.libc) ? 0 : OPEN_REDIRECTS;
		const int end = ALL_REDIRECTS - (with_break ? 0 : BREAK_REDIRECTS);

		failed = hook_fork(writes && with_break);
		if (!failed)
			failed = patch(&libc_calls.libc, hooks + first, end - first);
	} else if (with_break && !break_redirected) {
		failed = patch(&libc_calls.libc, hooks + ALL_REDIRECTS - BREAK_REDIRECTS,
			       BREAK_REDIRECTS);
	}
	if (!failed)
		break_redirected = break_redirected || with_break;
	return failed;
}

static void decline(const char *feature, const char *otherwise, const char *matter)
{
	if (otherwise)
		log_declined(otherwise, "%s: libc could not be hooked (%s)", feature, matter);
	else
		log_info("%s: libc could not be hooked (%s)", feature, matter);
}

static int find_libc(const char *feature, const char *otherwise)
{
	int failed = libc_find(&libc_calls.libc);

	if (failed) {
		decline(feature, otherwise, "it is not a supported glibc");
		return failed;
	}
	/* In a static program libc's own calls cannot be told from others. */
	if (!libc_calls.libc.static_address) {
		libc_calls.text = libc_calls.libc.text;
		libc_calls.text_end = libc_calls.libc.text_end;
	}
	process_libc_single_threaded =
		(const bool *)libc_symbol(&libc_calls.libc, "__libc_single_threaded", NULL);
	return 0;
}

/*
 * vm.memfd_noexec=2 forbids executable files in memory with EACCES, too, and is no part of the
 * policy that confines the process.
 */
static bool is_memfd_noexec(void)
{
	char level[16];

	return sys_read_file("/proc/sys/vm/memfd_noexec", level, sizeof(level)) > 0 &&
	       *level == '2';
}

/* Of the policies only those of security modules answer EACCES, and they have names. */
static const char *reason_of_denial(int failed, char *text, size_t bytes)
{
	char policy[160];

	if (failed != -EACCES || is_memfd_noexec() || !confinement_describe(policy, sizeof(policy)))
		return "its text is sealed, or a security policy forbids it";
	text_format(text, bytes, "a security policy forbids it: %s", policy);
	return text;
}

static const char *reason_of(int failed, char *text, size_t bytes)
{
	switch (failed) {
	case -ENOENT:
		return "this version of it is not supported";
	case -EPERM:
	case -EACCES:
		return reason_of_denial(failed, text, bytes);
	case -EFBIG:
		return "a limit on files, ulimit -f, forbids it";
	case -EBUSY:
		return "a uprobe or another library has changed its text";
	case -ENOSYS:
		return "memfd_create fails with ENOSYS, as under some seccomp filters";
	default:
		return error_name(failed);
	}
}

/*
 * A child that a program started in a sandbox of its own, as man does with its formatters: the
 * filter returns ENOSYS, and the user did not request huge pages for it. So nothing is printed at
 * the default level.
 */
static bool is_sandboxed_child(int failed)
{
	return failed == -ENOSYS && sys_is_filtered();
}

/* Pages that the user named stay, unless HUGETLB_EXACT says otherwise; under auto none is named. */
static void start_exact(const struct options *options)
{
	const bool names_none = (options->heap == HEAP_AUTO || options->mmap == HEAP_AUTO) &&
				options->heap != HEAP_DEFAULT && options->heap != HEAP_SIZE &&
				options->mmap != HEAP_DEFAULT && options->mmap != HEAP_SIZE;
	const bool strict = options->exact == EXACT_STRICT;

	exact_start(strict || names_none, !strict, options->exact_means);
}

int calls_select_pages(const struct options *options, const struct wanted_pages *wanted,
		       struct source *source)
{
	int failed = select_pages(options, wanted, source);

	if (failed || !source->hugetlb)
		return failed;
	start_exact(options);
	if (!exact_allows_hugetlb(wanted->feature)) {
		struct wanted_pages transparent = *wanted;

		transparent.pages = HEAP_THP;
		return select_pages(options, &transparent, source);
	}
	if (!options->require || wanted->quiet)
		return 0;
	failed = source_try(source);
	if (failed)
		log_declined(wanted->otherwise, "%s: no huge page of %lu kB is available (%s)",
			     wanted->feature, (unsigned long)(source->page_bytes >> 10),
			     error_name(failed));
	return failed;
}

static void decline_error(const struct options *options, const char *feature, const char *otherwise,
			  int error)
{
	char reason[224];

	if (is_sandboxed_child(error) && !options->require)
		otherwise = NULL;
	decline(feature, otherwise, reason_of(error, reason, sizeof(reason)));
}

/* Preparations before the first hook. */
static int prepare(const struct options *options, const char *feature, const char *otherwise)
{
	int failed = 0;

	libc_calls.fork = options->fork;
	process_base_bytes = getauxval(AT_PAGESZ);
	start_exact(options);
	/* not twice: ld.so's lock may be held by then */
	if (!libc_calls.libc.text)
		failed = find_libc(feature, otherwise);
	alone = !failed && process_alone();
	if (!failed && !alone && !sys_is_only_task()) {
		decline(feature, otherwise, "other threads are running already");
		failed = -EBUSY;
	}
	in_place = alone && text_write_is_allowed();
	return failed;
}

static void note_syscall_hook(void)
{
	libc_calls.sees_syscall = patch_is_installed(&libc_calls.libc, "syscall");
}

int calls_watch(const struct options *options, const char *feature, const char *otherwise)
{
	int failed;

	if (watching || (libc_calls.active && break_redirected))
		return 0;
	failed = prepare(options, feature, otherwise);
	if (failed)
		return failed;
	failed = (in_place ? patch_write : patch_install)(&libc_calls.libc, watching_hooks,
							  WATCHING_REDIRECTS);
	if (failed) {
		decline_error(options, feature, otherwise, failed);
		return failed;
	}
	note_syscall_hook();
	watching = true;
	return 0;
}

int calls_start(const struct options *options, bool with_break, const char *feature,
		const char *otherwise)
{
	int failed;

	if (libc_calls.active && (!with_break || break_redirected)) {
		fork_later_now();
		users++;
		return 0;
	}
	failed = prepare(options, feature, otherwise);
	if (failed)
		return failed;
	failed = redirect(with_break);
	if (failed) {
		decline_error(options, feature, otherwise, failed);
		return failed;
	}
	libc_calls.active = true;
	note_syscall_hook();
	users++;
	return 0;
}

void calls_stop(void)
{
	if (!users || --users)
		return;
	fork_later_stop();
	patch_undo(&libc_calls.libc);
	libc_calls.active = break_redirected = watching = false;
}
