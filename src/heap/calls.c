/*
 * What libc's entries lead to once they are redirected: see calls.h.
 *
 * «libc's own» is a call whose return address lies in libc's text: malloc's calls are direct ones.
 * Only those get memory of the heap; the program's own calls get what they got before, and are
 * looked at only where they touch the heap.
 */
#include <errno.h>
#include <layout.h>
#include <sys/prctl.h>

#include "heap/calls.h"
#include "heap/heap.h"
#include "heap/keep.h"
#include "sys.h"

#define CALLER_IS_LIBC() \
	((uintptr_t)__builtin_return_address(0) - heap.text < heap.text_end - heap.text)

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
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

/* HEAP_MAX_SIZE of glibc on 64 bits: arenas lie on its multiples. */
#define ARENA_BYTES ((size_t)64 << 20)

static struct {
	uintptr_t thread; /* the one on trial, or 0 */
	bool asked_break;
} trial;

static long answer(long result)
{
	if (SYS_IS_ERROR(result)) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

static bool on_trial(void)
{
	return trial.thread && trial.thread == cpu_thread_pointer();
}

void calls_trial_begin(void)
{
	trial.asked_break = false;
	trial.thread = cpu_thread_pointer();
}

bool calls_trial_end(void)
{
	trial.thread = 0;
	return trial.asked_break;
}

static int kernel_brk(uintptr_t address)
{
	return (uintptr_t)sys_pass(SYS_brk, (long)address, 0, 0, 0, 0, 0) == address ? 0 : -ENOMEM;
}

static long kernel_sbrk(intptr_t delta)
{
	uintptr_t now = (uintptr_t)sys_pass(SYS_brk, 0, 0, 0, 0, 0, 0);

	return delta && kernel_brk(now + (uintptr_t)delta) ? -ENOMEM : (long)now;
}

void *call_sbrk(intptr_t delta)
{
	if (on_trial()) {
		trial.asked_break = true;
		return (void *)answer(-ENOMEM);
	}
	if (!heap.active)
		return (void *)answer(kernel_sbrk(delta));
	return (void *)answer(morecore_sbrk(&heap.main, delta));
}

int call_brk(void *address)
{
	if (heap.active && (uintptr_t)address >= heap.main.region.start)
		return (int)answer(morecore_brk(&heap.main, (uintptr_t)address));
	/* Below our heap: the kernel's break, which is still there. */
	return (int)answer(kernel_brk((uintptr_t)address));
}

/* Does [address, address + bytes) touch one of our regions? An overflow is the kernel's matter. */
static bool touches_heap(uintptr_t address, size_t bytes)
{
	uintptr_t end = address + bytes;

	if (address >= heap.high || end <= heap.low || end < address)
		return false;
	return region_touches(&heap.main.region, address, end) ||
	       region_touches(&heap.zone.region, address, end);
}

/* One region's part of a range, in whole small pages. */
struct part {
	struct region *region;
	uintptr_t from, to;
};

static int parts_of(uintptr_t address, size_t bytes, struct part parts[2])
{
	struct region *const regions[] = {&heap.main.region, &heap.zone.region};
	uintptr_t end = (address + bytes + heap.base_bytes - 1) & ~(uintptr_t)(heap.base_bytes - 1);
	int count = 0;

	for (int i = 0; i < 2; i++) {
		struct region *region = regions[i];
		struct part part = {region, address, end};

		if (!region->start || !region_touches(region, address, end))
			continue;
		if (part.from < region->start)
			part.from = region->start;
		if (part.to > region->limit)
			part.to = region->limit;
		parts[count++] = part;
	}
	return count;
}

/* The kernel takes an address only on a page, and a length that does not wrap. */
static bool well_formed(uintptr_t address, size_t bytes)
{
	return !(address & (heap.base_bytes - 1)) && bytes &&
	       address + bytes + heap.base_bytes > address;
}

static bool in_zone(uintptr_t address)
{
	return heap.zone.region.start && address >= heap.zone.region.start &&
	       address < heap.zone.region.limit;
}

/*
 * malloc's own mappings: an arena (without access) or a block (readable, writable). Returns the
 * address, or 0 where it is none of them or can't be had: then the kernel is asked as before.
 */
static uintptr_t map_for_malloc(size_t bytes, int protection, int flags)
{
	struct zone *zone = &heap.zone;
	const int kind = MAP_PRIVATE | MAP_ANONYMOUS;
	size_t unit = zone->region.unit_bytes;
	uintptr_t address = 0;

	if ((flags & ~MAP_NORESERVE) != kind || bytes < unit || !heap_lock())
		return 0;
	if (protection == PROT_NONE && bytes % unit == 0 && bytes / unit > 1) {
		/* libc wants a boundary of its heap size, 64 MiB, in this or in twice as much. */
		size_t boundary = bytes & -bytes;

		address =
			zone_reserve(zone, bytes, boundary < ARENA_BYTES ? boundary : ARENA_BYTES);
	} else if (protection == (PROT_READ | PROT_WRITE)) {
		address = zone_reserve(zone, bytes, unit);
		/* Clearing pages takes long; where no page is shared, others need not wait for it.
		 */
		if (address && unit == zone->region.page_bytes) {
			heap_unlock();
			if (!zone_fill_block(zone, address, bytes))
				return address;
			if (heap_lock())
				zone_release(zone, address, bytes);
			address = 0;
		} else if (address && zone_fill_block(zone, address, bytes)) {
			zone_release(zone, address, bytes);
			address = 0;
		}
	}
	heap_unlock();
	return address;
}

static void *map(uintptr_t address, size_t bytes, int protection, int flags, int fd,
		 uint64_t offset, bool for_malloc)
{
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	struct part parts[2];
	long result;
	int count;

	if (on_trial())
		return (void *)answer(-ENOMEM);
	if (for_malloc && !fixed && heap.zone.region.start) {
		uintptr_t ours = map_for_malloc(bytes, protection, flags);

		if (ours)
			return (void *)ours;
	}
	if (offset % CPU_MMAP_OFFSET_UNIT)
		return (void *)answer(-EINVAL);
	if (!touches_heap(address, bytes) || !well_formed(address, bytes) || !heap_lock())
		return (void *)answer(sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes,
					       protection, flags, fd,
					       (long)(offset / CPU_MMAP_OFFSET_UNIT)));
	/* A mere hint into the heap: the room there is ours to use later. */
	if (!fixed)
		address = 0;
	count = fixed ? parts_of(address, bytes, parts) : 0;
	result = 0;
	for (int i = 0; i < count && !result && !(flags & MAP_FIXED_NOREPLACE); i++)
		result = keep_make_small(parts[i].region, parts[i].from, parts[i].to, false);
	if (!result)
		result = sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes, protection, flags,
				  fd, (long)(offset / CPU_MMAP_OFFSET_UNIT));
	for (int i = 0; i < count && !SYS_IS_ERROR(result); i++)
		keep_replaced(parts[i].region, parts[i].from, parts[i].to);
	heap_unlock();
	return (void *)answer(result);
}

void *call_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return map((uintptr_t)address, bytes, protection, flags, fd,
		   sizeof(off_t) == 4 ? (uint32_t)offset : (uint64_t)offset, CALLER_IS_LIBC());
}

void *call_mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
	return map((uintptr_t)address, bytes, protection, flags, fd, (uint64_t)offset,
		   CALLER_IS_LIBC());
}

int call_munmap(void *address, size_t bytes)
{
	uintptr_t from = (uintptr_t)address;
	struct part parts[2];
	long result = 0;
	int count;

	if (!touches_heap(from, bytes) || !well_formed(from, bytes) || !heap_lock())
		return (int)answer(sys_pass(SYS_munmap, (long)from, (long)bytes, 0, 0, 0, 0));
	count = parts_of(from, bytes, parts);
	if (in_zone(from) && zone_ends_at(&heap.zone, from, parts[0].to)) {
		zone_release(&heap.zone, from, parts[0].to - from);
	} else {
		for (int i = 0; i < count && !result; i++)
			result =
				keep_make_small(parts[i].region, parts[i].from, parts[i].to, false);
		if (!result)
			result = sys_pass(SYS_munmap, (long)from, (long)bytes, 0, 0, 0, 0);
		for (int i = 0; i < count && !result; i++)
			keep_replaced(parts[i].region, parts[i].from, parts[i].to);
	}
	heap_unlock();
	return (int)answer(result);
}

void *call_mremap(void *address, size_t bytes, size_t new_bytes, int flags, void *new_address)
{
	uintptr_t from = (uintptr_t)address;
	/* An argument that most callers don't pass: it is there with these flags only. */
	uintptr_t to = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? (uintptr_t)new_address : 0;
	bool by_malloc = CALLER_IS_LIBC();
	bool fixed = flags & MREMAP_FIXED;
	struct part parts[4];
	long result = 0;
	int count;

	if (!(touches_heap(from, bytes) || (fixed && touches_heap(to, new_bytes))) ||
	    !well_formed(from, bytes ? bytes : 1) || !well_formed(to, new_bytes) || !heap_lock())
		return (void *)answer(sys_pass(SYS_mremap, (long)from, (long)bytes, (long)new_bytes,
					       flags, (long)to, 0));
	if (by_malloc && !fixed && in_zone(from) && from % heap.zone.region.unit_bytes == 0) {
		result = zone_remap_block(&heap.zone, from, bytes, new_bytes,
					  flags & MREMAP_MAYMOVE);
		heap_unlock();
		return (void *)answer(result);
	}
	count = parts_of(from, bytes, parts);
	if (fixed)
		count += parts_of(to, new_bytes, parts + count);
	for (int i = 0; i < count && !result; i++)
		result = keep_make_small(parts[i].region, parts[i].from, parts[i].to, true);
	if (!result)
		result = sys_pass(SYS_mremap, (long)from, (long)bytes, (long)new_bytes, flags,
				  (long)to, 0);
	for (int i = 0; i < count && !SYS_IS_ERROR(result); i++)
		keep_replaced(parts[i].region, parts[i].from, parts[i].to);
	heap_unlock();
	return (void *)answer(result);
}

/* mprotect and pkey_mprotect differ in their number and their last argument. */
static long protect(long number, uintptr_t from, size_t bytes, int protection, long key,
		    bool by_malloc)
{
	struct part parts[2];
	long result = 0;
	int count;

	if (!touches_heap(from, bytes) || !well_formed(from, bytes))
		return sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	if (by_malloc && in_zone(from) && protection == (PROT_READ | PROT_WRITE)) {
		/* An arena's pages are its thread's alone, but several arenas share a page of 1G.
		 */
		bool shared = heap.zone.region.unit_bytes != heap.zone.region.page_bytes;

		if (shared && !heap_lock())
			return -ENOMEM;
		result = zone_commit(&heap.zone, from, bytes);
		if (shared)
			heap_unlock();
		return result;
	}
	if (!heap_lock())
		return sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	count = parts_of(from, bytes, parts);
	for (int i = 0; i < count && !result; i++)
		result = keep_make_small(parts[i].region, parts[i].from, parts[i].to, false);
	if (!result)
		result = sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	for (int i = 0; i < count && !result; i++)
		keep_protected(parts[i].region, parts[i].from, parts[i].to, protection);
	heap_unlock();
	return result;
}

int call_mprotect(void *address, size_t bytes, int protection)
{
	return (int)answer(
		protect(SYS_mprotect, (uintptr_t)address, bytes, protection, 0, CALLER_IS_LIBC()));
}

int call_pkey_mprotect(void *address, size_t bytes, int protection, int key)
{
	/* As libc: a key of -1 is plain mprotect. */
	return (int)answer(protect(key == -1 ? SYS_mprotect : SYS_pkey_mprotect, (uintptr_t)address,
				   bytes, protection, key, false));
}

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
static long advise_small_parts(const struct part *part, long number, int advice)
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

static long advise_part(const struct part *part, int advice)
{
	long result;

	switch (advice_kind(advice)) {
	case ADVICE_HINT:
		return advise_small_parts(part, SYS_madvise, advice);
	case ADVICE_EMPTY:
		return keep_dontneed(part->region, part->from, part->to, heap.shrink);
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
	uintptr_t from = (uintptr_t)address;
	struct part parts[2];
	long result = 0;
	int count;

	if (!touches_heap(from, bytes) || !well_formed(from, bytes))
		return (int)answer(sys_pass(SYS_madvise, (long)from, (long)bytes, advice, 0, 0, 0));
	count = parts_of(from, bytes, parts);
	/* What lies partly outside of a region, or what a signal handler does: the kernel's answer.
	 */
	if (count != 1 || parts[0].from != from || parts[0].to < from + bytes || !heap_lock())
		return (int)answer(sys_pass(SYS_madvise, (long)from, (long)bytes, advice, 0, 0, 0));
	result = advise_part(parts, advice);
	heap_unlock();
	return (int)answer(result);
}

/*
 * Locking: a hugetlb page never leaves memory, and ours are populated. The kernel says so by
 * itself for whole ones; a part is refused by some versions, and then the other parts are locked.
 */
static long lock(long number, uintptr_t from, size_t bytes, int flags)
{
	long result = sys_pass(number, (long)from, (long)bytes, flags, 0, 0, 0);
	uintptr_t start = from & ~(uintptr_t)(heap.base_bytes - 1);
	struct part parts[2];
	int count;

	if (result != -EINVAL || flags & ~MLOCK_ONFAULT || !touches_heap(from, bytes) ||
	    !heap_lock())
		return result;
	count = parts_of(start, from + bytes - start, parts);
	result = count == 1 && parts[0].from == start && parts[0].to >= from + bytes
			 ? advise_small_parts(parts, number, flags)
			 : -EINVAL;
	heap_unlock();
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

int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	/* A filter without privileges needs PR_SET_NO_NEW_PRIVS first, however it is installed. */
	if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
		heap_enter_sandbox();
	return (int)answer(sys_pass(SYS_prctl, option, (long)a, (long)b, (long)c, (long)d, 0));
}
