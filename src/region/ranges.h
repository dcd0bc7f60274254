/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of addresses that may span several regions, and memory that is in none: what the files of
 * calls/ do before and after a system call.
 */
#ifndef RANGES_H
#define RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/align.h"
#include "region/process.h"
#include "region/registry.h"

/* Does the range touch a region? An overflow is left to the kernel. */
static inline bool ranges_touch(uintptr_t address, size_t bytes)
{
	return address + bytes > address && registry_touch(address, address + bytes);
}

/* Does the kernel accept the range: an address on a page boundary, and a length that does not
 * wrap? */
static inline bool ranges_well_formed(uintptr_t address, size_t bytes)
{
	return !(address & (process_base_bytes - 1)) && bytes &&
	       address + bytes + process_base_bytes > address;
}

/* The end of a range, rounded up to a small page. */
static inline uintptr_t ranges_end(uintptr_t address, size_t bytes)
{
	return align_up(address + bytes, process_base_bytes);
}

/*
 * For a call on [address, address + bytes): if that touches a region, takes the lock and sets
 * *result to function(arguments), as lock_run() does. False: the kernel shall do it, also where the
 * lock is not available. But where that would be refused then, *result is -ENOMEM.
 */
bool ranges_run(uintptr_t address, size_t bytes, long (*function)(const long *arguments),
		const long *arguments, long *result);

/*
 * Where the lock is not available: would the kernel refuse a call on the range, with an error that
 * small pages do not give, because it covers a hugetlb page in part? `whole`: or as a whole, at one
 * of its ends. That is logged, and the call fails with ENOMEM.
 */
bool ranges_refused(uintptr_t address, size_t bytes, bool whole);

/*
 * All under the lock. Before a call that changes [from, to): splits the hugetlb pages that it
 * covers in part (with `all`: that it touches); returns 0 or -ENOMEM. After a call: the range now
 * belongs to the program.
 */
long ranges_split(uintptr_t from, uintptr_t to, bool all);

/*
 * munmap of [from, to): 0 or -errno. If a page that it covers in part cannot be split, that part is
 * only recorded as unmapped (unmapped.h): it reads as zero until it is mapped again.
 */
long ranges_unmap(uintptr_t from, uintptr_t to);

void ranges_note_unmapped(uintptr_t from, uintptr_t to);
void ranges_note_mapped(uintptr_t from, uintptr_t to);

#endif
