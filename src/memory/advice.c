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
#include "memory/locked.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#define MADV_GUARD_REMOVE  103
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum advice_kind {
	ADVICE_HINT,  /* no effect on what a program can see: a hugetlb page has none */
	ADVICE_PASS,  /* the kernel does to a part of a hugetlb page what it does to a small one */
	ADVICE_EMPTY, /* the memory is afterwards as it was when it was mapped */
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
	case MADV_REMOVE:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_COLLAPSE:
		return ADVICE_HINT;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return ADVICE_PASS;
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
			huge ? number == SYS_madvise ? refusal(huge, advice) : 0
			     : sys_pass(number, (long)from, (long)(end - from), advice, 0, 0, 0);

		if (here && (here != -ENOMEM || number != SYS_madvise))
			return here;
		if (here)
			result = here;
		from = end;
	}
	return result;
}

/* MADV_DONTNEED and its like: as above, but hugetlb pages are emptied. */
static long empty_runs(uintptr_t from, uintptr_t to, int advice)
{
	struct region *huge;
	long result = 0;

	while (from < to) {
		uintptr_t end = registry_run(from, to, &huge);
		long here = huge && advice == MADV_DONTNEED && locked_any(from, end) ? -EINVAL
			    : huge ? keep_dontneed(huge, from, end, huge->give_back)
				   : sys_pass(SYS_madvise, (long)from, (long)(end - from), advice,
					      0, 0, 0);

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
	case ADVICE_PASS:
		return sys_pass(SYS_madvise, (long)from, (long)(to - from), advice, 0, 0, 0);
	case ADVICE_EMPTY:
		return empty_runs(from, to, advice);
	case ADVICE_SMALL:
		return mark_small(from, to, advice);
	case ADVICE_MARK:
		break;
	}
	return mark(from, to, advice, false);
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

/* Remembers what was locked, for when it becomes small; what there is no room for becomes so now.
 */
static long note_locked(uintptr_t from, uintptr_t to, bool on_fault)
{
	struct region *huge;
	long failed = 0;

	while (!failed && from < to) {
		uintptr_t end = registry_run(from, to, &huge);

		if (huge && locked_add(from, end, on_fault)) {
			failed = calls_make_small(from, end, true);
			if (!failed)
				failed = sys_pass(SYS_mlock, (long)from, (long)(end - from), 0, 0,
						  0, 0);
		}
		from = end;
	}
	return failed;
}

/*
 * Locking: a hugetlb page never leaves memory, and ours are populated. The kernel says so by
 * itself for whole ones; a part is refused by some versions, and then the other parts are locked.
 */
static long lock(long number, uintptr_t from, size_t bytes, int flags)
{
	long result = sys_pass(number, (long)from, (long)bytes, flags, 0, 0, 0);
	uintptr_t start = from & ~(uintptr_t)(memory.base_bytes - 1), end = range_end(from, bytes);

	if ((result && result != -EINVAL) || flags & ~MLOCK_ONFAULT ||
	    !touches_region(from, bytes) || !memory_lock())
		return result;
	if (result)
		result = advise_small_runs(start, end, number, flags);
	if (!result && number == SYS_munlock)
		locked_remove(start, end);
	else if (!result)
		result = note_locked(start, end, flags & MLOCK_ONFAULT);
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
int call_mlockall(int flags)
{
	long result = sys_pass(SYS_mlockall, flags, 0, 0, 0, 0, 0);
	struct region *region;

	if (!result && flags & MCL_CURRENT && memory_lock()) {
		for (size_t i = 0; (region = registry_nth(i)); i++)
			if (region->high > region->start)
				note_locked(region->start, region->high, flags & MCL_ONFAULT);
		memory_unlock();
	}
	return (int)answer(result);
}

int call_munlockall(void)
{
	long result = sys_pass(SYS_munlockall, 0, 0, 0, 0, 0, 0);

	if (!result && memory_lock()) {
		locked_remove(0, UINTPTR_MAX);
		memory_unlock();
	}
	return (int)answer(result);
}
