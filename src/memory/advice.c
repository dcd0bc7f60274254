/*
 * madvise, mlock and the like, of a range that touches a region: see calls.h.
 */
#include <limits.h>
#include <string.h>

#include "log.h"
#include "memory/answer.h"
#include "memory/calls.h"
#include "memory/keep.h"
#include "memory/lock.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#define MADV_GUARD_REMOVE  103
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1 /* Linux 4.4 */
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum advice_kind {
	ADVICE_HINT,  /* no effect on what a program can see, or none that a hugetlb page has */
	ADVICE_EMPTY, /* the memory reads as zero afterwards */
	ADVICE_MARK,  /* lasts, and a hugetlb page can bear it as a whole */
	ADVICE_SMALL, /* lasts, and only small pages can bear it */
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
 * What the kernel says of memory that is what this region is to the program: anonymous, or a
 * private mapping of a file that nobody may write to. 0: nothing against it.
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

/* What the kernel would answer for [from, to), small pages of the same rights and marks. */
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
		return keep_unlocked_end(region, from, to) < to ? -EINVAL : 0;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		/* It depends on their rights, which hugetlb pages have as well. */
		return sys_pass(number, (long)from, (long)(to - from), advice, 0, 0, 0);
	default:
		return 0;
	}
}

/*
 * What the kernel answers for [from, to), where hugetlb pages need nothing: it goes on after a
 * hole, and says -ENOMEM in the end; everything else ends it at once.
 */
static long advise_small_runs(uintptr_t from, uintptr_t to, long number, int advice)
{
	struct region *huge;
	long result = 0;

	while (from < to) {
		uintptr_t end = registry_run(from, to, &huge);
		long here =
			huge ? answer_for_huge(huge, from, end, number, advice)
			     : sys_pass(number, (long)from, (long)(end - from), advice, 0, 0, 0);

		if (here && (here != -ENOMEM || number != SYS_madvise))
			return here;
		if (here)
			result = here;
		from = end;
	}
	return result;
}

/* Up to the first page that is locked, but with MADV_DONTNEED_LOCKED. */
static long empty_huge(struct region *region, uintptr_t from, uintptr_t to, int advice)
{
	uintptr_t end = advice == MADV_DONTNEED ? keep_unlocked_end(region, from, to) : to;
	long result = keep_dontneed(region, from, end, region->give_back);

	return !result && end < to ? -EINVAL : result;
}

/* MADV_DONTNEED and its like: as above, but hugetlb pages are emptied. */
static long empty_runs(uintptr_t from, uintptr_t to, int advice)
{
	struct region *huge;
	long result = 0;

	while (from < to) {
		uintptr_t end = registry_run(from, to, &huge);
		long here;

		if (!huge)
			here = sys_pass(SYS_madvise, (long)from, (long)(end - from), advice, 0, 0,
					0);
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

/* Advice that lasts. */
static long mark(uintptr_t from, uintptr_t to, int advice, bool all_small)
{
	struct region_part part;
	struct region *huge;
	long result = calls_make_small(from, to, all_small);
	uintptr_t at = from;

	if (result)
		return result;
	while (at < to) {
		uintptr_t end = registry_run(at, to, &huge);
		long here = sys_pass(SYS_madvise, (long)at, (long)(end - at), advice, 0, 0, 0);

		if (here && here != -ENOMEM)
			return here;
		if (here)
			result = here;
		while (registry_part(&at, end, &part))
			keep_advised(part.region, part.from, part.to, advice);
		at = end;
	}
	return result;
}

/* As mark(), up to the first page that the kernel would refuse: that is not made small for it. */
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
		return advise_small_runs(from, to, SYS_madvise, advice);
	case ADVICE_EMPTY:
		return empty_runs(from, to, advice);
	case ADVICE_SMALL:
		return mark_small(from, to, advice);
	case ADVICE_MARK:
		break;
	}
	return mark(from, to, advice, false);
}

long calls_advise(uintptr_t from, uintptr_t to, int advice)
{
	return advise(from, to, advice);
}

static long kernel_or_our_advice(uintptr_t from, size_t bytes, int advice)
{
	long result;

	if (!touches_region(from, bytes) || !well_formed(from, bytes) || !memory_lock())
		return sys_pass(SYS_madvise, (long)from, (long)bytes, advice, 0, 0, 0);
	result = advise(from, range_end(from, bytes), advice);
	memory_unlock();
	return result;
}

int call_madvise(void *address, size_t bytes, int advice)
{
	return (int)answer(kernel_or_our_advice((uintptr_t)address, bytes, advice));
}

int call_posix_madvise(void *address, size_t bytes, int advice)
{
	/* As libc: what would lose data does nothing; the error is the result. */
	return advice == POSIX_MADV_DONTNEED
		       ? 0
		       : (int)-kernel_or_our_advice((uintptr_t)address, bytes, advice);
}

/* Is it a descriptor of this very process? The kernel has names for that, too (Linux 6.14). */
static bool is_own_process(int process)
{
	char path[64], text[512], *line, *end;
	size_t id;

	if (process == -10000 || process == -10001)
		return true;
	if (process < 0 || memory.sandboxed)
		return false;
	text_format(path, sizeof(path), "/proc/self/fdinfo/%d", process);
	if (SYS_IS_ERROR(sys_read_file(path, text, sizeof(text))))
		return false;
	line = strstr(text, "Pid:\t");
	end = line ? strchr(line, '\n') : NULL;
	if (!end)
		return false;
	*end = '\0';
	return !options_parse_size(line + strlen("Pid:\t"), &id) && id == (size_t)sys_getpid();
}

static bool any_touches_region(const struct iovec *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (touches_region((uintptr_t)parts[i].iov_base, parts[i].iov_len))
			return true;
	return false;
}

ssize_t call_process_madvise(int process, const struct iovec *parts, size_t count, int advice,
			     unsigned int flags)
{
	ssize_t done = 0;
	long result;

	if (count > IOV_MAX || !any_touches_region(parts, count) || !is_own_process(process))
		return answer(sys_pass(SYS_process_madvise, process, (long)parts, (long)count,
				       advice, flags, 0));
	/* Which advice it takes at all depends on the kernel: asked for nothing, it says so. */
	result = sys_pass(SYS_process_madvise, process, (long)parts, 0, advice, flags, 0);
	for (size_t i = 0; i < count && !result; i++) {
		result = kernel_or_our_advice((uintptr_t)parts[i].iov_base, parts[i].iov_len,
					      advice);
		if (!result)
			done += (ssize_t)parts[i].iov_len;
	}
	return done ? done : answer(result);
}

/* Of a page that is, or becomes, locked in part only the kernel can keep account. */
static void make_small_for_lock(uintptr_t from, uintptr_t to, bool on)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (on || keep_unlocked_end(part.region, part.from, part.to) < part.to)
			keep_make_small(part.region, part.from, part.to, false);
}

/*
 * A hugetlb page never leaves memory, and ours are populated: the kernel locks whole ones without a
 * trace, and refuses a part in some versions; then the other parts are locked. What a locked page
 * refuses afterwards is ours to know.
 */
static long lock_with_regions(long number, uintptr_t from, uintptr_t to, int flags)
{
	const bool on = number != SYS_munlock;
	struct region_part part;
	long result;

	make_small_for_lock(from, to, on);
	result = sys_pass(number, (long)from, (long)(to - from), flags, 0, 0, 0);
	if (result == -EINVAL && !(flags & ~MLOCK_ONFAULT))
		result = advise_small_runs(from, to, number, flags);
	while (!result && registry_part(&from, to, &part))
		keep_locked(part.region, part.from, part.to, on);
	return result;
}

long calls_lock(uintptr_t from, uintptr_t to)
{
	return lock_with_regions(SYS_mlock, from, to, 0);
}

static long lock(long number, uintptr_t from, size_t bytes, int flags)
{
	uintptr_t start = from & ~(uintptr_t)(memory.base_bytes - 1);
	long result;

	if (!touches_region(from, bytes) || !well_formed(start, bytes) || !memory_lock())
		return sys_pass(number, (long)from, (long)bytes, flags, 0, 0, 0);
	result = lock_with_regions(number, start, range_end(from, bytes), flags);
	memory_unlock();
	return result;
}

int call_mlock(const void *address, size_t bytes)
{
	return (int)answer(lock(SYS_mlock, (uintptr_t)address, bytes, 0));
}

int call_mlock2(const void *address, size_t bytes, unsigned int flags)
{
	/* As libc: without a flag it is mlock, which older kernels have, too. */
	return (int)answer(
		lock(flags ? SYS_mlock2 : SYS_mlock, (uintptr_t)address, bytes, (int)flags));
}

int call_munlock(const void *address, size_t bytes)
{
	return (int)answer(lock(SYS_munlock, (uintptr_t)address, bytes, 0));
}

/* What comes later is locked when it is mapped: by the kernel, which does so for small pages. */
static void note_all_locked(bool on)
{
	if (!memory_lock())
		return;
	for (struct region *region = registry_first(); region; region = registry_next(region))
		if (region->high > region->start)
			keep_locked(region, region->start, region->high, on);
	memory_unlock();
}

int call_mlockall(int flags)
{
	long result = sys_pass(SYS_mlockall, flags, 0, 0, 0, 0, 0);

	if (!result && flags & MCL_CURRENT)
		note_all_locked(true);
	return (int)answer(result);
}

int call_munlockall(void)
{
	long result = sys_pass(SYS_munlockall, 0, 0, 0, 0, 0, 0);

	if (!result)
		note_all_locked(false);
	return (int)answer(result);
}
