/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mlock and related calls for ranges that touch a region: see mlock.h.
 */
#include <sys/mman.h>

#include "base/align.h"
#include "base/sys.h"
#include "calls/madvise.h"
#include "calls/mlock.h"
#include "calls/result.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"

/* Only the kernel can keep track of a page that is locked in part: it is split. */
static void make_small_for_lock(uintptr_t from, uintptr_t to, bool on)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (on || page_state_unlocked_end(part.region, part.from, part.to) < part.to)
			split_pages(part.region, part.from, part.to, false);
}

/*
 * A hugetlb page never leaves memory, and the library's are populated: the kernel locks whole ones
 * without any effect, and some versions refuse a part; then only the other parts are locked. The
 * library keeps track of what a locked page refuses afterwards.
 */
static long lock_with_regions(long number, uintptr_t from, uintptr_t to, int flags)
{
	const bool on = number != SYS_munlock;
	struct region_part part;
	long result;

	make_small_for_lock(from, to, on);
	result = sys_pass(number, from, (long)(to - from), flags);
	if (result == -EINVAL && !(flags & ~MLOCK_ONFAULT))
		result = madvise_small_runs(from, to, number, flags);
	while (!result && registry_part(&from, to, &part))
		page_state_locked(part.region, part.from, part.to, on);
	return result;
}

long mlock_ranges(uintptr_t from, uintptr_t to)
{
	return lock_with_regions(SYS_mlock, from, to, 0);
}

static long lock_locked(const long *arguments)
{
	return lock_with_regions(arguments[0], (uintptr_t)arguments[1], (uintptr_t)arguments[2],
				 (int)arguments[3]);
}

static long lock(long number, uintptr_t from, size_t bytes, int flags)
{
	uintptr_t start = align_down(from, process_base_bytes);
	const long arguments[] = {number, (long)start, (long)ranges_end(from, bytes), flags};
	long result;

	if (!ranges_run(start, from + bytes - start, lock_locked, arguments, &result))
		return sys_pass(number, from, bytes, flags);
	return result;
}

int call_mlock(const void *address, size_t bytes)
{
	return (int)answer(lock(SYS_mlock, (uintptr_t)address, bytes, 0));
}

int call_mlock2(const void *address, size_t bytes, unsigned int flags)
{
	/* As libc does: without a flag it is mlock, which older kernels have, too. */
	return (int)answer(
		lock(flags ? SYS_mlock2 : SYS_mlock, (uintptr_t)address, bytes, (int)flags));
}

int call_munlock(const void *address, size_t bytes)
{
	return (int)answer(lock(SYS_munlock, (uintptr_t)address, bytes, 0));
}

/* Memory that is mapped later is locked when it is mapped: by the kernel, which does so for small
 * pages. */
static void note_all_locked(bool on)
{
	if (!lock_take())
		return;
	for (struct region *region = registry_first(); region; region = registry_next(region))
		if (region->high > region->start)
			page_state_locked(region, region->start, region->high, on);
	lock_release();
}

int call_mlockall(int flags)
{
	long result = sys_pass(SYS_mlockall, flags);

	if (!result && flags & MCL_CURRENT)
		note_all_locked(true);
	return (int)answer(result);
}

int call_munlockall(void)
{
	long result = sys_pass(SYS_munlockall);

	if (!result)
		note_all_locked(false);
	return (int)answer(result);
}
