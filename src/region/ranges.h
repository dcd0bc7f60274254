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

#include "region/process.h"
#include "region/registry.h"

/* Does the range touch a region? An overflow is the kernel's matter. */
static inline bool ranges_touch(uintptr_t address, size_t bytes)
{
	return address + bytes > address && registry_touch(address, address + bytes);
}

/* The kernel takes an address only on a page, and a length that does not wrap. */
static inline bool ranges_well_formed(uintptr_t address, size_t bytes)
{
	return !(address & (process_base_bytes - 1)) && bytes &&
	       address + bytes + process_base_bytes > address;
}

/* Where a range ends, in whole small pages. */
static inline uintptr_t ranges_end(uintptr_t address, size_t bytes)
{
	return (address + bytes + process_base_bytes - 1) & ~(uintptr_t)(process_base_bytes - 1);
}

/*
 * All under the lock. Before a call that changes [from, to): splits the hugetlb pages that it
 * covers in part (or, with all, at all); 0 or -ENOMEM. After a call: what is there now is the
 * program's.
 */
long ranges_split(uintptr_t from, uintptr_t to, bool all);

/*
 * munmap of [from, to): 0 or -errno. Where a page that it covers in part cannot be split, that part
 * is only no longer the program's (unmapped.h): it reads as zero, until it is mapped again.
 */
long ranges_unmap(uintptr_t from, uintptr_t to);

void ranges_note_unmapped(uintptr_t from, uintptr_t to);
void ranges_note_mapped(uintptr_t from, uintptr_t to);

#endif
