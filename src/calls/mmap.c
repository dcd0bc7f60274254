/*
 * mmap, munmap and mprotect: see mmap.h.
 */
#include <layout.h>
#include <sys/prctl.h>

#include "base/sys.h"
#include "calls/brk.h"
#include "calls/mmap.h"
#include "calls/result.h"
#include "calls/state.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"

static void note_opened(uintptr_t from, uintptr_t to, bool anew)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (part.region->owner && part.region->owner->opened)
			part.region->owner->opened(part.region, part.from, part.to, anew);
}

static long kernel_mmap(uintptr_t address, size_t bytes, int protection, int flags, int fd,
			uint64_t offset, bool by_libc)
{
	long result = sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes, protection, flags, fd,
			       (long)(offset / CPU_MMAP_OFFSET_UNIT));

	/* Where the kernel chose a place of ours, nothing of what we knew of it is there any more.
	 */
	if (!SYS_IS_ERROR(result) && !(flags & MAP_FIXED) &&
	    ranges_touch((uintptr_t)result, bytes) && lock_take()) {
		ranges_note_mapped((uintptr_t)result, ranges_end((uintptr_t)result, bytes));
		lock_release();
	}
	if (!SYS_IS_ERROR(result) && libc_calls.watch)
		libc_calls.watch((uintptr_t)result, bytes, protection, flags, address, by_libc);
	return result;
}

#define READ_WRITE (PROT_READ | PROT_WRITE)

/* A mapping whose memory may be huge: readable, writable, nobody else's, and nothing special. */
static bool is_plain_memory(int protection, int flags)
{
	return protection == READ_WRITE &&
	       (flags & ~(MAP_FIXED | MAP_FIXED_NOREPLACE)) == (MAP_PRIVATE | MAP_ANONYMOUS);
}

static bool is_reservation(int flags)
{
	return (flags & ~(MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE)) ==
	       (MAP_PRIVATE | MAP_ANONYMOUS);
}

static void note_reserved(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (part.region->owner && part.region->owner->opened)
			page_state_reserved(part.region, part.from, part.to);
}

static long map_fixed(uintptr_t address, size_t bytes, int protection, int flags, int fd,
		      uint64_t offset)
{
	uintptr_t end = ranges_end(address, bytes);
	long result = 0;

	if (!(flags & MAP_FIXED_NOREPLACE))
		result = ranges_split(address, end, false);
	if (!result)
		result = sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes, protection, flags,
				  fd, (long)(offset / CPU_MMAP_OFFSET_UNIT));
	if (SYS_IS_ERROR(result))
		return result;
	ranges_note_mapped(address, end);
	if (is_plain_memory(protection, flags))
		note_opened(address, end, true);
	else if (protection == PROT_NONE && is_reservation(flags))
		note_reserved(address, end);
	return result;
}

/* Whoever writes over libc's functions makes their text writable before, or maps over it. */
static void look_at_text(uintptr_t from, size_t bytes)
{
	if (from < libc_calls.text_end && from + bytes > libc_calls.text && libc_calls.own_break)
		libc_calls.own_break->text_opened(from, from + bytes);
}

static bool hint_allowed(uintptr_t address)
{
	struct region *region = registry_at(address);

	return region ? region->by_program : !registry_in_room(address);
}

/* Has the kernel map it. */
static void *map_by_kernel(uintptr_t address, size_t bytes, int protection, int flags, int fd,
			   uint64_t offset, bool by_libc)
{
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	long result;

	/* what does not replace fails where libc's text is */
	if (fixed && !(flags & MAP_FIXED_NOREPLACE))
		look_at_text(address, bytes);
	else if (!fixed && address && !hint_allowed(address))
		address = 0; /* the room there is its owner's to use later */
	if (!ranges_touch(address, bytes) || !ranges_well_formed(address, bytes))
		return (void *)answer(
			kernel_mmap(address, bytes, protection, flags, fd, offset, by_libc));
	if (!fixed || !lock_take())
		return (void *)answer(
			kernel_mmap(address, bytes, protection, flags, fd, offset, by_libc));
	result = map_fixed(address, bytes, protection, flags, fd, offset);
	lock_release();
	return (void *)answer(result);
}

static void *map(uintptr_t address, size_t bytes, int protection, int flags, int fd,
		 uint64_t offset, bool by_libc)
{
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);

	if (brk_on_trial())
		return (void *)answer(-ENOMEM);
	/* a unit of the system call's is never more than a page */
	if (offset & (process_base_bytes - 1))
		return (void *)answer(-EINVAL);
	for (int i = 0; i < CALLS_MAPPERS && libc_calls.mappers[i] && !fixed; i++) {
		uintptr_t ours = libc_calls.mappers[i](address, bytes, protection, flags, by_libc);

		if (ours)
			return (void *)ours;
	}
	return map_by_kernel(address, bytes, protection, flags, fd, offset, by_libc);
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

void *call_mmap_by_number(void *address, size_t bytes, int protection, int flags, int fd,
			  unsigned long offset)
{
	/* where the offset is in bytes the kernel wants whole pages */
	if (CPU_MMAP_OFFSET_UNIT == 1 && offset & (process_base_bytes - 1))
		return (void *)answer(-EINVAL);
	return map_by_kernel((uintptr_t)address, bytes, protection, flags, fd,
			     (uint64_t)offset * CPU_MMAP_OFFSET_UNIT, false);
}

/* Lets the owner of the region that the range is in do it, where it wants to. */
static bool owner_unmaps(uintptr_t from, uintptr_t to)
{
	struct region *region = registry_at(from);

	if (!region || to > region->limit || !region->owner || !region->owner->unmap)
		return false;
	return region->owner->unmap(region, from, to);
}

int call_munmap(void *address, size_t bytes)
{
	uintptr_t from = (uintptr_t)address, end = ranges_end(from, bytes);
	long result = 0;

	if (!ranges_touch(from, bytes) || !ranges_well_formed(from, bytes) || !lock_take())
		return (int)answer(sys_pass(SYS_munmap, (long)from, (long)bytes, 0, 0, 0, 0));
	if (!owner_unmaps(from, end)) {
		result = ranges_split(from, end, false);
		if (!result)
			result = sys_pass(SYS_munmap, (long)from, (long)bytes, 0, 0, 0, 0);
		if (!result)
			ranges_note_unmapped(from, end);
	}
	lock_release();
	return (int)answer(result);
}

/*
 * As ranges_split(); but text that the program wants to write to becomes small as a whole: its
 * pages are the file's, and the pool may have no other for what is written.
 */
static long make_small_for(uintptr_t from, uintptr_t to, int protection)
{
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, to, &part))
		failed = split_pages(part.region, part.from, part.to,
				     part.region->text && protection & PROT_WRITE);
	return failed;
}

static bool owner_protects(uintptr_t from, size_t bytes, int protection, bool by_libc, long *result)
{
	struct region *region = registry_at(from);

	return region && region->owner && region->owner->protect &&
	       region->owner->protect(region, from, bytes, protection, by_libc, result);
}

/*
 * Protects run by run, as the kernel does mapping by mapping: where one fails, those before it have
 * their new rights.
 */
static long protect_runs(long number, uintptr_t from, uintptr_t to, int protection, long key)
{
	struct region_part part;
	struct region *huge;
	long result = 0;

	while (!result && from < to) {
		uintptr_t end = registry_run(from, to, &huge), at = from;

		result = sys_pass(number, (long)from, (long)(end - from), protection, key, 0, 0);
		if (!result && protection == READ_WRITE && !key)
			note_opened(from, end, false);
		while (!result && registry_part(&at, end, &part))
			page_state_protected(part.region, part.from, part.to, protection,
					     number == SYS_pkey_mprotect ? (int)key : -1);
		from = end;
	}
	return result;
}

/* mprotect and pkey_mprotect differ in their number and their last argument. */
static long protect(long number, uintptr_t from, size_t bytes, int protection, long key,
		    bool by_libc)
{
	uintptr_t end = ranges_end(from, bytes);
	long result;

	if (protection & PROT_WRITE)
		look_at_text(from, bytes);
	if (!ranges_touch(from, bytes) || !ranges_well_formed(from, bytes))
		return sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	if (number == SYS_mprotect && owner_protects(from, bytes, protection, by_libc, &result))
		return result;
	if (!lock_take())
		return sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	result = make_small_for(from, end, protection);
	if (!result)
		result = protect_runs(number, from, end, protection, key);
	lock_release();
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
