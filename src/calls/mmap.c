/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mmap, munmap and mprotect: see mmap.h.
 */
#include <layout.h>
#include <string.h>

#include "base/align.h"
#include "base/sys.h"
#include "calls/brk.h"
#include "calls/mmap.h"
#include "calls/result.h"
#include "calls/shm_parts.h"
#include "calls/state.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"
#include "region/split.h"
#include "region/transparent.h"
#include "region/unmapped.h"
#include "region/verify.h"

/*
 * The owner of a region opens what it can at *from, which it advances. Returns the end of the part
 * that the kernel must handle.
 */
static uintptr_t open_by_owner(uintptr_t *from, uintptr_t to, bool replaced)
{
	struct region_part part;
	uintptr_t at = *from, page;

	if (!registry_part(&at, to, &part))
		return to;
	if (part.from > *from)
		return part.from;
	if (!part.region->owner || !part.region->owner->open)
		return part.to;
	page = align_up(*from, part.region->page_bytes);
	if (page > *from)
		return page < part.to ? page : part.to;
	*from += part.region->owner->open(part.region, *from, part.to, replaced, &at);
	return at;
}

/* What the kernel opened may become transparent huge pages. */
static void note_opened(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (part.region->owner && part.region->owner->opened)
			part.region->owner->opened(part.region, part.from, part.to);
}

/* The arguments of mmap. Passed between functions by pointer, to save stack. */
struct request {
	uintptr_t address; /* 0: anywhere */
	size_t bytes;
	int protection, flags, fd;
	bool by_libc;
	uint64_t offset;
};

static bool is_fixed(const struct request *request)
{
	return request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
}

static long note_mapped(const long *arguments)
{
	ranges_note_mapped((uintptr_t)arguments[0], (uintptr_t)arguments[1]);
	return 0;
}

static long kernel_mmap(const struct request *request)
{
	const long at = sys_pass(CPU_MMAP_NUMBER, request->address, request->bytes,
				 request->protection, request->flags, request->fd,
				 (long)(request->offset / CPU_MMAP_OFFSET_UNIT));
	const long arguments[] = {at, (long)ranges_end((uintptr_t)at, request->bytes)};
	long done;

	if (SYS_IS_ERROR(at))
		return at;
	/* If the kernel chose a place within a region, nothing recorded about it is there any
	 * more. */
	if (!(request->flags & MAP_FIXED) && ranges_touch((uintptr_t)at, request->bytes))
		lock_run(note_mapped, arguments, &done);
	if (libc_calls.watch)
		libc_calls.watch((uintptr_t)at, request->bytes, request->protection, request->flags,
				 request->address, request->by_libc);
	return at;
}

#define READ_WRITE (PROT_READ | PROT_WRITE)

/* A mapping whose memory may be huge: readable, writable, private, and without special flags. */
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
		if (part.region->owner && part.region->owner->open)
			page_state_reserved(part.region, part.from, part.to);
}

static long kernel_map_fixed(uintptr_t from, uintptr_t to, int protection, int flags, int fd,
			     uint64_t offset)
{
	long result = sys_pass(CPU_MMAP_NUMBER, from, (long)(to - from), protection, flags, fd,
			       (long)(offset / CPU_MMAP_OFFSET_UNIT));

	if (!SYS_IS_ERROR(result))
		ranges_note_mapped(from, to);
	return result;
}

static void note_put(uintptr_t from, uintptr_t to)
{
	const struct region *region = registry_at(from);

	if (from < to && region->owner->mapped)
		region->owner->mapped(registry_at(from), from, to);
}

/* Plain memory that replaces what is there, piece by piece. */
static long replace_by_plain(uintptr_t address, uintptr_t to, int flags)
{
	uintptr_t from = address;
	long result = 0;

	while (!SYS_IS_ERROR(result) && from < to) {
		const uintptr_t start = from, end = open_by_owner(&from, to, true);

		note_put(start, from);
		if (from >= end)
			continue;
		result = kernel_map_fixed(from, end, READ_WRITE, flags, -1, 0);
		if (!SYS_IS_ERROR(result))
			note_opened(from, end);
		from = end;
	}
	return SYS_IS_ERROR(result) ? result : (long)address;
}

static long protect_runs(long number, uintptr_t from, uintptr_t to, int protection, long key);

/* Plain memory where nothing may be mapped yet: it is first mapped without access, so that nothing
 * can write to it. */
static long add_plain(uintptr_t address, uintptr_t to, int flags)
{
	long result = kernel_map_fixed(address, to, PROT_NONE, flags, -1, 0), failed;

	if (SYS_IS_ERROR(result))
		return result;
	if (result != (long)address)
		return result; /* a kernel before 4.17 */
	note_reserved(address, to);
	failed = protect_runs(SYS_mprotect, address, to, READ_WRITE, 0);
	if (!failed)
		return result;
	sys_pass(SYS_munmap, address, (long)(to - address));
	ranges_note_unmapped(address, to);
	return failed;
}

/* Under the lock, on a range of whole pages. */
static long map_fixed(const long *arguments)
{
	const struct request *request = (const struct request *)arguments[0];
	const uintptr_t address = request->address, end = ranges_end(address, request->bytes);
	const int protection = request->protection, flags = request->flags;
	const bool plain = is_plain_memory(protection, flags);
	long result = 0;

	/* What could only be marked as unmapped is still there. */
	if (plain && unmapped_contains(address, end)) {
		unmapped_forget(address, end);
		memset((void *)address, 0, end - address);
		return (long)address;
	}
	if (flags & MAP_FIXED_NOREPLACE && plain)
		return add_plain(address, end, flags);
	if (!(flags & MAP_FIXED_NOREPLACE))
		result = ranges_split(address, end, false);
	if (SYS_IS_ERROR(result))
		return result;
	if (plain)
		return replace_by_plain(address, end, flags);
	result = kernel_map_fixed(address, end, protection, flags, request->fd, request->offset);
	if (!SYS_IS_ERROR(result) && protection == PROT_NONE && is_reservation(flags))
		note_reserved(address, end);
	return result;
}

/* Before another library writes to libc's functions, it makes their text writable, or maps over
 * it. */
static void look_at_text(uintptr_t from, size_t bytes)
{
	if (from < libc_calls.text_end && from + bytes > libc_calls.text && libc_calls.own_break)
		libc_calls.own_break->text_opened(from, from + bytes);
}

/*
 * May the kernel place a mapping where the program would like it? Not in a huge page of the
 * library's; above them it may, and the heap continues above the program's mapping.
 */
static bool hint_allowed(uintptr_t address)
{
	const struct region *region = registry_at(address);

	if (!region)
		return !registry_in_states(address);
	return region->by_program || address >= align_up(region->high, region->page_bytes);
}

static void *map_by_kernel(struct request *request)
{
	const long arguments[] = {(long)request};
	const uintptr_t address = request->address;
	long result;

	/* MAP_FIXED_NOREPLACE fails where libc's text is */
	if (is_fixed(request) && !(request->flags & MAP_FIXED_NOREPLACE))
		look_at_text(address, request->bytes);
	else if (!is_fixed(request) && address && !hint_allowed(address))
		request->address = 0; /* the owner will use the space there later */
	if (!is_fixed(request) ||
	    !ranges_run(address, request->bytes, map_fixed, arguments, &result))
		result = kernel_mmap(request);
	return (void *)answer(result);
}

/* The stack on which posix_spawn starts its child is smaller than any thread's. */
#define STACK_BYTES_MIN ((size_t)256 << 10)

bool mmap_is_threads_stack(size_t bytes, int protection, int flags)
{
	return flags & MAP_STACK && (protection == PROT_NONE || bytes >= STACK_BYTES_MIN);
}

/* A file, where the program leaves the place to the kernel. 0: it is not served. */
static uintptr_t __attribute__((noinline)) map_file(const struct request *request)
{
	const struct calls_file file = {
		.bytes = request->bytes,
		.protection = request->protection,
		.flags = request->flags,
		.fd = request->fd,
		.offset = request->offset,
	};

	if (!libc_calls.map_file || request->flags & MAP_ANONYMOUS || request->address ||
	    request->by_libc || is_fixed(request))
		return 0;
	return libc_calls.map_file(&file);
}

/* In its callers' frames: each mmap() of the program needs the stack of this one. */
static inline __attribute__((always_inline)) void *map(struct request *request)
{
	uintptr_t of_file;

	if (brk_on_trial())
		return (void *)answer(-ENOMEM);
	/* the unit of the system call's offset is never more than a page */
	if (request->offset & (process_base_bytes - 1))
		return (void *)answer(-EINVAL);
	transparent_if_inexact(
		mmap_is_threads_stack(request->bytes, request->protection, request->flags));
	for (int i = 0; i < CALLS_MAPPERS && libc_calls.mappers[i] && !is_fixed(request); i++) {
		uintptr_t ours =
			libc_calls.mappers[i](request->address, request->bytes, request->protection,
					      request->flags, request->by_libc);

		if (ours)
			return (void *)ours;
	}
	of_file = map_file(request);
	if (of_file)
		return (void *)of_file;
	return map_by_kernel(request);
}

/* What the program has asked for by one of the two names of mmap. */
static inline __attribute__((always_inline)) void *map_called(void *address, size_t bytes,
							      int protection, int flags, int fd,
							      uint64_t offset, bool by_libc)
{
	struct request request = {
		.address = (uintptr_t)address,
		.bytes = bytes,
		.protection = protection,
		.flags = flags,
		.fd = fd,
		.by_libc = by_libc,
		.offset = offset,
	};

	return map(&request);
}

void *call_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return map_called(address, bytes, protection, flags, fd,
			  sizeof(off_t) == 4 ? (uint32_t)offset : (uint64_t)offset,
			  CALLER_IS_LIBC());
}

void *call_mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
	return map_called(address, bytes, protection, flags, fd, (uint64_t)offset,
			  CALLER_IS_LIBC());
}

void *call_mmap_by_number(void *address, size_t bytes, int protection, int flags, int fd,
			  unsigned long offset)
{
	struct request request = {
		.address = (uintptr_t)address,
		.bytes = bytes,
		.protection = protection,
		.flags = flags,
		.fd = fd,
		.offset = (uint64_t)offset * CPU_MMAP_OFFSET_UNIT,
	};

	/* on CPUs where the offset is in bytes, the kernel requires whole pages */
	if (CPU_MMAP_OFFSET_UNIT == 1 && offset & (process_base_bytes - 1))
		return (void *)answer(-EINVAL);
	return map_by_kernel(&request);
}

/* Lets the owner of the range's region do it, if it wants to. */
static bool owner_unmaps(uintptr_t from, uintptr_t to)
{
	struct region *region = registry_at(from);

	if (!region || to > region->limit || !region->owner || !region->owner->unmap)
		return false;
	return region->owner->unmap(region, from, to);
}

static long unmap_locked(const long *arguments)
{
	const uintptr_t from = (uintptr_t)arguments[0], end = (uintptr_t)arguments[1];

	return owner_unmaps(from, end) ? 0 : ranges_unmap(from, end);
}

int call_munmap(void *address, size_t bytes)
{
	uintptr_t from = (uintptr_t)address;
	const long arguments[] = {(long)from, (long)ranges_end(from, bytes)};
	long result;

	if (libc_calls.unmapping && CALLER_IS_LIBC())
		libc_calls.unmapping(from, bytes);
	if (!ranges_run(from, bytes, unmap_locked, arguments, &result))
		do
			result = sys_pass(SYS_munmap, from, bytes);
		while (shm_parts_again(&result, from, bytes));
	return (int)answer(result);
}

/* Do [from, to) and the rest of the hugetlb page that it lies in already have this protection? */
static bool has_rights(uintptr_t from, int protection)
{
	struct region *region = registry_at(from);

	if (!region || !region_huge_at(region, from) || region->text)
		return false;
	verify_range(region, from, from + 1);
	return region_huge_at(region, from) &&
	       page_state_rights(region->pages[region_page(region, from)]) == protection;
}

/*
 * Shrinks [*from, *to) by the hugetlb pages at its ends that it covers in part and that already
 * have the protection: they need not be split.
 */
static void leave_out_protected(uintptr_t *from, uintptr_t *to, int protection)
{
	if (has_rights(*from, protection)) {
		const size_t bytes = registry_at(*from)->page_bytes;
		const uintptr_t end = (*from | (bytes - 1)) + 1;

		if (*from & (bytes - 1) || end > *to)
			*from = end < *to ? end : *to;
	}
	if (*from < *to && has_rights(*to - 1, protection)) {
		const size_t bytes = registry_at(*to - 1)->page_bytes;
		const uintptr_t start = align_down(*to, bytes);

		if (start < *to)
			*to = start > *from ? start : *from;
	}
}

/*
 * Like ranges_split(); but text that the program wants to write to is split as a whole: its pages
 * belong to the file, and the pool may have none for a private copy.
 * A copy of a file is split for all rights but its own: the mapping that it replaces may have more.
 */
static long make_small_for(uintptr_t from, uintptr_t to, int protection, bool with_key)
{
	struct region_part part;
	long failed = 0;

	while (!failed && registry_part(&from, to, &part))
		failed = split_pages(
			part.region, part.from, part.to,
			(part.region->text && protection & PROT_WRITE) ||
				(part.region->of_file && (protection != PROT_READ || with_key)));
	return failed;
}

static bool owner_protects(uintptr_t from, size_t bytes, int protection, bool by_libc, long *result)
{
	struct region *region = registry_at(from);

	return region && region->owner && region->owner->protect &&
	       region->owner->protect(region, from, bytes, protection, by_libc, result);
}

/*
 * Protects run by run, as the kernel does mapping by mapping: if one fails, those before it have
 * their new protection.
 */
static long protect_runs(long number, uintptr_t from, uintptr_t to, int protection, long key)
{
	const bool opens = protection == READ_WRITE && !key;
	struct region_part part;
	struct region *huge;
	long result = 0;

	while (!result && from < to) {
		uintptr_t end = opens ? open_by_owner(&from, to, false) : to, at = from;

		if (from >= end)
			continue;
		end = registry_run(from, end, &huge);
		result = sys_pass(number, from, (long)(end - from), protection, key);
		while (!result && registry_part(&at, end, &part))
			page_state_protected(part.region, part.from, part.to, protection,
					     number == SYS_pkey_mprotect ? (int)key : -1);
		from = end;
	}
	return result;
}

static long protect_locked(const long *arguments)
{
	const long number = arguments[0], key = arguments[4];
	uintptr_t from = (uintptr_t)arguments[1], end = (uintptr_t)arguments[2];
	const int protection = (int)arguments[3];
	long result;

	if (number == SYS_mprotect)
		leave_out_protected(&from, &end, protection);
	result = make_small_for(from, end, protection, number != SYS_mprotect);
	return result ? result : protect_runs(number, from, end, protection, key);
}

/* mprotect and pkey_mprotect differ in their number and their last argument. */
static long protect(long number, uintptr_t from, size_t bytes, int protection, long key,
		    bool by_libc)
{
	const long arguments[] = {number, (long)from, (long)ranges_end(from, bytes), protection,
				  key};
	long result;

	if (protection & PROT_WRITE)
		look_at_text(from, bytes);
	if (!ranges_touch(from, bytes) || !ranges_well_formed(from, bytes)) {
		do
			result = sys_pass(number, from, bytes, protection, key);
		while (shm_parts_again(&result, from, bytes));
		return result;
	}
	if (number == SYS_mprotect && owner_protects(from, bytes, protection, by_libc, &result))
		return result;
	if (!ranges_run(from, bytes, protect_locked, arguments, &result))
		return sys_pass(number, from, bytes, protection, key);
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
