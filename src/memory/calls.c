/*
 * What libc's entries lead to once they are redirected: see calls.h. Advice and locks: advice.c.
 *
 * «libc's own» is a call whose return address lies in libc's text: malloc's calls are direct ones.
 * Whose calls get memory of a region is the owner's matter; all others get what they got before,
 * and are looked at only where they touch a region.
 */
#include <layout.h>
#include <sys/prctl.h>

#include "memory/answer.h"
#include "memory/calls.h"
#include "memory/keep.h"
#include "memory/lock.h"
#include "memory/move.h"

#define CALLER_IS_LIBC() \
	((uintptr_t)__builtin_return_address(0) - memory.text < memory.text_end - memory.text)

static struct {
	uintptr_t thread; /* the one on trial, or 0 */
	bool asked_break;
} trial;

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

long calls_kernel_sbrk(intptr_t delta)
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
	if (!memory.own_break)
		return (void *)answer(calls_kernel_sbrk(delta));
	return (void *)answer(memory.own_break->sbrk(delta));
}

int call_brk(void *address)
{
	int result;

	if (memory.own_break && memory.own_break->brk((uintptr_t)address, &result))
		return (int)answer(result);
	/* Below our heap: the kernel's break, which is still there. */
	return (int)answer(kernel_brk((uintptr_t)address));
}

/* Before a call that changes [from, to): what it covers of a hugetlb page in part becomes small. */
long calls_make_small(uintptr_t from, uintptr_t to, bool all)
{
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, to, &part))
		failed = keep_make_small(part.region, part.from, part.to, all);
	return failed;
}

/* After a call that unmapped [from, to). */
void calls_note_unmapped(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part)) {
		keep_replaced(part.region, part.from, part.to);
		if (part.region->owner && part.region->owner->unmapped)
			part.region->owner->unmapped(part.region, part.from, part.to);
	}
}

/* After a call that mapped something at [from, to). */
void calls_note_mapped(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part)) {
		keep_replaced(part.region, part.from, part.to);
		if (part.region->owner && part.region->owner->mapped)
			part.region->owner->mapped(part.region, part.from, part.to);
	}
}

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
	    touches_region((uintptr_t)result, bytes) && memory_lock()) {
		calls_note_mapped((uintptr_t)result, range_end((uintptr_t)result, bytes));
		memory_unlock();
	}
	if (!SYS_IS_ERROR(result) && memory.watch)
		memory.watch((uintptr_t)result, bytes, protection, flags, address, by_libc);
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
			keep_reserved(part.region, part.from, part.to);
}

static long map_fixed(uintptr_t address, size_t bytes, int protection, int flags, int fd,
		      uint64_t offset)
{
	uintptr_t end = range_end(address, bytes);
	long result = 0;

	if (!(flags & MAP_FIXED_NOREPLACE))
		result = calls_make_small(address, end, false);
	if (!result)
		result = sys_pass(CPU_MMAP_NUMBER, (long)address, (long)bytes, protection, flags,
				  fd, (long)(offset / CPU_MMAP_OFFSET_UNIT));
	if (SYS_IS_ERROR(result))
		return result;
	calls_note_mapped(address, end);
	if (is_plain_memory(protection, flags))
		note_opened(address, end, true);
	else if (protection == PROT_NONE && is_reservation(flags))
		note_reserved(address, end);
	return result;
}

/* Whoever writes over libc's functions makes their text writable before, or maps over it. */
static void look_at_text(uintptr_t from, size_t bytes)
{
	if (from < memory.text_end && from + bytes > memory.text && memory.own_break)
		memory.own_break->text_opened(from, from + bytes);
}

static bool hint_allowed(uintptr_t address)
{
	struct region *region = registry_at(address);

	return region ? region->by_program : !registry_in_room(address);
}

static void *map(uintptr_t address, size_t bytes, int protection, int flags, int fd,
		 uint64_t offset, bool by_libc)
{
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	long result;

	if (on_trial())
		return (void *)answer(-ENOMEM);
	/* a unit of the system call's is never more than a page */
	if (offset & (memory.base_bytes - 1))
		return (void *)answer(-EINVAL);
	for (int i = 0; i < MEMORY_MAPPERS && memory.mappers[i] && !fixed; i++) {
		uintptr_t ours = memory.mappers[i](address, bytes, protection, flags, by_libc);

		if (ours)
			return (void *)ours;
	}
	/* what does not replace fails where libc's text is */
	if (fixed && !(flags & MAP_FIXED_NOREPLACE))
		look_at_text(address, bytes);
	else if (!fixed && address && !hint_allowed(address))
		address = 0; /* the room there is its owner's to use later */
	if (!touches_region(address, bytes) || !well_formed(address, bytes))
		return (void *)answer(
			kernel_mmap(address, bytes, protection, flags, fd, offset, by_libc));
	if (!fixed || !memory_lock())
		return (void *)answer(
			kernel_mmap(address, bytes, protection, flags, fd, offset, by_libc));
	result = map_fixed(address, bytes, protection, flags, fd, offset);
	memory_unlock();
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
	uintptr_t from = (uintptr_t)address, end = range_end(from, bytes);
	long result = 0;

	if (!touches_region(from, bytes) || !well_formed(from, bytes) || !memory_lock())
		return (int)answer(sys_pass(SYS_munmap, (long)from, (long)bytes, 0, 0, 0, 0));
	if (!owner_unmaps(from, end)) {
		result = calls_make_small(from, end, false);
		if (!result)
			result = sys_pass(SYS_munmap, (long)from, (long)bytes, 0, 0, 0, 0);
		if (!result)
			calls_note_unmapped(from, end);
	}
	memory_unlock();
	return (int)answer(result);
}

static bool owner_remaps(uintptr_t from, size_t bytes, size_t new_bytes, int flags, bool by_libc,
			 long *result)
{
	struct region *region = registry_at(from);

	if (flags & MREMAP_FIXED || !region || !region->owner || !region->owner->remap)
		return false;
	return region->owner->remap(region, from, bytes, new_bytes, flags & MREMAP_MAYMOVE, by_libc,
				    result);
}

void *call_mremap(void *address, size_t bytes, size_t new_bytes, int flags, void *new_address)
{
	uintptr_t from = (uintptr_t)address;
	/* An argument that most callers don't pass: it is there with these flags only. */
	uintptr_t to = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? (uintptr_t)new_address : 0;
	bool by_libc = CALLER_IS_LIBC();
	long result;

	if (!(touches_region(from, bytes) ||
	      (flags & MREMAP_FIXED && touches_region(to, new_bytes))) ||
	    !well_formed(from, bytes ? bytes : 1) || !well_formed(to, new_bytes) || !memory_lock())
		return (void *)answer(sys_pass(SYS_mremap, (long)from, (long)bytes, (long)new_bytes,
					       flags, (long)to, 0));
	if (!owner_remaps(from, bytes, new_bytes, flags, by_libc, &result))
		result = move_remap(from, bytes, new_bytes, flags, to);
	memory_unlock();
	return (void *)answer(result);
}

/*
 * As calls_make_small(); but text that the program wants to write to becomes small as a whole: its
 * pages are the file's, and the pool may have no other for what is written.
 */
static long make_small_for(uintptr_t from, uintptr_t to, int protection)
{
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, to, &part))
		failed = keep_make_small(part.region, part.from, part.to,
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
			keep_protected(part.region, part.from, part.to, protection,
				       number == SYS_pkey_mprotect ? (int)key : -1);
		from = end;
	}
	return result;
}

/* mprotect and pkey_mprotect differ in their number and their last argument. */
static long protect(long number, uintptr_t from, size_t bytes, int protection, long key,
		    bool by_libc)
{
	uintptr_t end = range_end(from, bytes);
	long result;

	if (protection & PROT_WRITE)
		look_at_text(from, bytes);
	if (!touches_region(from, bytes) || !well_formed(from, bytes))
		return sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	if (number == SYS_mprotect && owner_protects(from, bytes, protection, by_libc, &result))
		return result;
	if (!memory_lock())
		return sys_pass(number, (long)from, (long)bytes, protection, key, 0, 0);
	result = make_small_for(from, end, protection);
	if (!result)
		result = protect_runs(number, from, end, protection, key);
	memory_unlock();
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

int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	/* A filter without privileges needs PR_SET_NO_NEW_PRIVS first, however it is installed. */
	if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
		memory_enter_sandbox();
	return (int)answer(sys_pass(SYS_prctl, option, (long)a, (long)b, (long)c, (long)d, 0));
}
