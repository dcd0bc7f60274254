/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * madvise and related calls for ranges that touch a region: see madvise.h.
 */
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "calls/madvise.h"
#include "calls/result.h"
#include "calls/shm_parts.h"
#include "hook/patch.h"
#include "options/options.h"
#include "region/empty.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"

enum advice_kind {
	ADVICE_HINT,  /* no effect that the program can see, or none on a hugetlb page */
	ADVICE_EMPTY, /* the memory reads as zero afterwards */
	ADVICE_MARK,  /* persists, and a hugetlb page supports it as a whole */
	ADVICE_SMALL, /* persists, and only small pages support it */
};

static enum advice_kind advice_kind(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_FREE:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
	case MADV_COLLAPSE:
	case MADV_REMOVE:
		return ADVICE_HINT;
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return ADVICE_EMPTY;
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
		return ADVICE_SMALL;
	default:
		return ADVICE_MARK;
	}
}

/*
 * The kernel's result for memory of the kind that this region is to the program: anonymous, or a
 * private mapping of a file that nobody may write to. 0: the advice is allowed.
 */
static long refusal(const struct region *region, int advice)
{
	switch (advice) {
	case MADV_REMOVE:
		return region->text ? -EACCES : -EINVAL;
	case MADV_FREE:
	case MADV_WIPEONFORK:
		return region->text ? -EINVAL : 0;
	default:
		return 0;
	}
}

/* The result that the kernel would return for [from, to) on small pages with the same protection
 * and marks. */
static long answer_for_huge(const struct region *region, uintptr_t from, uintptr_t to, long number,
			    int advice)
{
	if (number != SYS_madvise)
		return 0;
	if (refusal(region, advice))
		return refusal(region, advice);
	switch (advice) {
	case MADV_FREE:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return page_state_unlocked_end(region, from, to) < to ? -EINVAL : 0;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		/* It depends on their protection, which hugetlb pages have as well. */
		return sys_pass(number, from, (long)(to - from), advice);
	default:
		return 0;
	}
}

/*
 * The kernel's result for [from, to) if hugetlb pages need no treatment: the kernel continues after
 * a hole, and returns -ENOMEM at the end; any other error ends the call at once.
 */
long madvise_small_runs(uintptr_t from, uintptr_t to, long number, int advice)
{
	struct region *huge;
	long result = 0;

	while (from < to) {
		uintptr_t end = registry_run(from, to, &huge);
		long here = huge ? answer_for_huge(huge, from, end, number, advice)
				 : sys_pass(number, from, (long)(end - from), advice);

		if (here && (here != -ENOMEM || number != SYS_madvise))
			return here;
		if (here)
			result = here;
		from = end;
	}
	return result;
}

/* Up to the first locked page, except with MADV_DONTNEED_LOCKED. */
static long empty_huge(struct region *region, uintptr_t from, uintptr_t to, int advice)
{
	uintptr_t end = advice == MADV_DONTNEED ? page_state_unlocked_end(region, from, to) : to;
	long result = empty_pages(region, from, end);

	return !result && end < to ? -EINVAL : result;
}

/* MADV_DONTNEED and similar advice: as above, but hugetlb pages are emptied. */
static long empty_runs(uintptr_t from, uintptr_t to, int advice)
{
	struct region *huge;
	long result = 0;

	while (from < to) {
		uintptr_t end = registry_run(from, to, &huge);
		long here;

		if (!huge)
			here = sys_pass(SYS_madvise, from, (long)(end - from), advice);
		else
			here = empty_huge(huge, from, end, advice);
		if (here && here != -ENOMEM)
			return here;
		if (here)
			result = here;
		from = end;
	}
	return result;
}

/*
 * MADV_DOFORK for whole hugetlb pages of one region, which Linux 7.2 refuses: those that the
 * program withholds from its children are split, because base pages support it.
 */
static long do_fork_split(struct region *region, uintptr_t from, uintptr_t to)
{
	const size_t bytes = region->page_bytes;

	for (uintptr_t at = from; at < to; at += bytes) {
		long failed;

		if (!(region->pages[region_page(region, at)] & PAGE_DONTFORK))
			continue;
		failed = split_pages(region, at, at + bytes, true);
		if (!failed)
			failed = sys_pass(SYS_madvise, at, bytes, MADV_DOFORK);
		if (failed)
			return failed;
	}
	return 0;
}

/* Persistent advice for a run that is on hugetlb pages of one region, or not on hugetlb pages (huge
 * is NULL). */
static long mark_run(struct region *huge, uintptr_t from, uintptr_t to, int advice)
{
	long result = sys_pass(SYS_madvise, from, (long)(to - from), advice);

	if (result == -EINVAL && advice == MADV_DOFORK && huge)
		return do_fork_split(huge, from, to);
	return result;
}

/* Persistent advice. */
static long mark(uintptr_t from, uintptr_t to, int advice, bool all_small)
{
	struct region_part part;
	struct region *huge;
	long result = ranges_split(from, to, all_small);
	uintptr_t at = from;

	if (result)
		return result;
	while (at < to) {
		uintptr_t end = registry_run(at, to, &huge);
		long here = mark_run(huge, at, end, advice);

		if (here && here != -ENOMEM)
			return here;
		if (here)
			result = here;
		while (registry_part(&at, end, &part))
			page_state_advised(part.region, part.from, part.to, advice);
		at = end;
	}
	return result;
}

/* Like mark(), up to the first page for which the kernel would refuse the advice: that page is not
 * split. */
static long mark_small(uintptr_t from, uintptr_t to, int advice)
{
	struct region *huge;
	uintptr_t at = from;

	while (at < to) {
		uintptr_t end = registry_run(at, to, &huge);
		long refused = huge ? refusal(huge, advice) : 0;

		if (refused) {
			long failed = at > from ? mark(from, at, advice, true) : 0;

			return failed ? failed : refused;
		}
		at = end;
	}
	return mark(from, to, advice, true);
}

static long advise(uintptr_t from, uintptr_t to, int advice)
{
	switch (advice_kind(advice)) {
	case ADVICE_HINT:
		return madvise_small_runs(from, to, SYS_madvise, advice);
	case ADVICE_EMPTY:
		return empty_runs(from, to, advice);
	case ADVICE_SMALL:
		return mark_small(from, to, advice);
	case ADVICE_MARK:
		break;
	}
	return mark(from, to, advice, false);
}

long madvise_ranges(uintptr_t from, uintptr_t to, int advice)
{
	return advise(from, to, advice);
}

static long advise_locked(const long *arguments)
{
	return advise((uintptr_t)arguments[0], (uintptr_t)arguments[1], (int)arguments[2]);
}

/* Where the lock is not available. To empty a whole hugetlb page, too, the kernel is no help: the
 * next touch may find none. */
static long advise_unlocked(uintptr_t from, size_t bytes, int advice)
{
	const enum advice_kind kind = advice_kind(advice);
	long result = -ENOMEM;

	if (kind == ADVICE_EMPTY)
		split_warn_refused("memory", -EDEADLK);
	else if (kind == ADVICE_HINT || !ranges_refused(from, bytes, false))
		result = sys_pass(SYS_madvise, from, bytes, advice);
	return result == -EINVAL && kind == ADVICE_HINT && advice != MADV_REMOVE ? 0 : result;
}

static long kernel_or_our_advice(uintptr_t from, size_t bytes, int advice)
{
	const long arguments[] = {(long)from, (long)ranges_end(from, bytes), advice};
	long result;

	if (advice_kind(advice) == ADVICE_EMPTY && from < libc_calls.libc.text_end &&
	    (uintptr_t)arguments[1] > libc_calls.libc.text && !sys_sandboxed)
		patch_settle();
	if (!ranges_touch(from, bytes) || !ranges_well_formed(from, bytes))
		do
			result = sys_pass(SYS_madvise, from, bytes, advice);
		while (shm_parts_again(&result, from, bytes));
	else if (!lock_run(advise_locked, arguments, &result))
		result = advise_unlocked(from, bytes, advice);
	return result;
}

int call_madvise(void *address, size_t bytes, int advice)
{
	return (int)answer(kernel_or_our_advice((uintptr_t)address, bytes, advice));
}

int call_posix_madvise(void *address, size_t bytes, int advice)
{
	/* As libc does: advice that would lose data does nothing; the error is the result. */
	return advice == POSIX_MADV_DONTNEED
		       ? 0
		       : (int)-kernel_or_our_advice((uintptr_t)address, bytes, advice);
}

/* Written by hand: a formatter needs more stack than the program may have here. */
static void fdinfo_path(char *path, int fd)
{
	static const char directory[] = "/proc/self/fdinfo/";
	int digits = 1;

	for (int rest = fd; rest >= 10; rest /= 10)
		digits++;
	memcpy(path, directory, sizeof(directory));
	path += sizeof(directory) - 1;
	for (path[digits] = '\0'; digits; fd /= 10)
		path[--digits] = (char)('0' + fd % 10);
}

/* Is it a descriptor of this process? The kernel also has special values for that (Linux 6.14). */
static bool is_own_process(int pidfd)
{
	char path[sizeof("/proc/self/fdinfo/") + 10], text[160], *line = text, *end;
	size_t id;

	if (pidfd == -10000 || pidfd == -10001)
		return true;
	if (pidfd < 0 || sys_sandboxed)
		return false;
	fdinfo_path(path, pidfd);
	if (SYS_IS_ERROR(sys_read_file(path, text, sizeof(text))))
		return false;
	/* Line by line: strstr() of glibc 2.31 needs 256 bytes more of stack. */
	while ((end = strchr(line, '\n')) && strncmp(line, "Pid:\t", strlen("Pid:\t")) != 0)
		line = end + 1;
	if (!end)
		return false;
	*end = '\0';
	return !options_parse_size(line + strlen("Pid:\t"), &id) && id == (size_t)sys_getpid();
}

static bool any_touches_region(const struct iovec *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ranges_touch((uintptr_t)parts[i].iov_base, parts[i].iov_len))
			return true;
	return false;
}

ssize_t call_process_madvise(int pidfd, const struct iovec *parts, size_t count, int advice,
			     unsigned int flags)
{
	ssize_t done = 0;
	long result;

	if (!count || count > IOV_MAX || !sys_can_read(parts, count * sizeof(*parts)) ||
	    !any_touches_region(parts, count) || !is_own_process(pidfd))
		return answer(sys_pass(SYS_process_madvise, pidfd, parts, count, advice, flags));
	/* Which advice it supports depends on the kernel: a call with an empty list shows that. */
	result = sys_pass(SYS_process_madvise, pidfd, parts, 0, advice, flags);
	for (size_t i = 0; i < count && !result; i++) {
		result = kernel_or_our_advice((uintptr_t)parts[i].iov_base, parts[i].iov_len,
					      advice);
		if (!result)
			done += (ssize_t)parts[i].iov_len;
	}
	return done ? done : answer(result);
}
