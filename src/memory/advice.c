/*
 * madvise, mlock and the like, of a range that touches a region: see calls.h.
 */
#include "memory/answer.h"
#include "memory/calls.h"
#include "memory/keep.h"
#include "memory/lock.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#define MADV_GUARD_REMOVE  103
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1 /* Linux 4.4 */
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum advice_kind {
	ADVICE_HINT,    /* no effect on what a program can see: a hugetlb page has none */
	ADVICE_EMPTY,   /* the memory reads as zero afterwards */
	ADVICE_MARK,    /* lasts, and a hugetlb page can bear it as a whole */
	ADVICE_SMALL,   /* lasts, and only small pages can bear it */
	ADVICE_REFUSED, /* not for anonymous memory */
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
		return ADVICE_HINT;
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return ADVICE_EMPTY;
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
		return ADVICE_SMALL;
	case MADV_REMOVE:
		return ADVICE_REFUSED;
	default:
		return ADVICE_MARK;
	}
}

/* The kernel's answer for the parts of [from, to) that are not on hugetlb pages. */
static long advise_small_parts(const struct region_part *part, long number, int advice)
{
	struct region *region = part->region;
	uintptr_t at = part->from;

	while (at < part->to) {
		bool huge = region_huge_at(region, at);
		uintptr_t stop = region_page_address(
			region, region_run(region, region_page(region, at),
					   region_page(region, part->to - 1) + 1, huge));
		long result = 0;

		if (stop > part->to)
			stop = part->to;
		if (!huge)
			result = sys_pass(number, (long)at, (long)(stop - at), advice, 0, 0, 0);
		if (result)
			return result;
		at = stop;
	}
	return 0;
}

static long advise_part(const struct region_part *part, int advice)
{
	long result;

	switch (advice_kind(advice)) {
	case ADVICE_HINT:
		return advise_small_parts(part, SYS_madvise, advice);
	case ADVICE_EMPTY:
		return keep_dontneed(part->region, part->from, part->to, part->region->give_back);
	case ADVICE_REFUSED:
		return -EINVAL;
	case ADVICE_MARK:
	case ADVICE_SMALL:
		break;
	}
	result = keep_make_small(part->region, part->from, part->to,
				 advice_kind(advice) == ADVICE_SMALL);
	if (!result)
		result = sys_pass(SYS_madvise, (long)part->from, (long)(part->to - part->from),
				  advice, 0, 0, 0);
	if (!result)
		keep_advised(part->region, part->from, part->to, advice);
	return result;
}

int call_madvise(void *address, size_t bytes, int advice)
{
	uintptr_t from = (uintptr_t)address, at = from;
	struct region_part part;
	long result;

	if (!touches_region(from, bytes) || !well_formed(from, bytes) || !memory_lock())
		return (int)answer(sys_pass(SYS_madvise, (long)from, (long)bytes, advice, 0, 0, 0));
	/* What lies partly outside of a region: the kernel's answer. */
	if (registry_part(&at, range_end(from, bytes), &part) && part.from == from &&
	    part.to >= from + bytes)
		result = advise_part(&part, advice);
	else
		result = sys_pass(SYS_madvise, (long)from, (long)bytes, advice, 0, 0, 0);
	memory_unlock();
	return (int)answer(result);
}

/*
 * Locking: a hugetlb page never leaves memory, and ours are populated. The kernel says so by
 * itself for whole ones; a part is refused by some versions, and then the other parts are locked.
 */
static long lock(long number, uintptr_t from, size_t bytes, int flags)
{
	long result = sys_pass(number, (long)from, (long)bytes, flags, 0, 0, 0);
	uintptr_t start = from & ~(uintptr_t)(memory.base_bytes - 1), at = start;
	struct region_part part;

	if (result != -EINVAL || flags & ~MLOCK_ONFAULT || !touches_region(from, bytes) ||
	    !memory_lock())
		return result;
	if (registry_part(&at, range_end(from, bytes), &part) && part.from == start &&
	    part.to >= from + bytes)
		result = advise_small_parts(&part, number, flags);
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
