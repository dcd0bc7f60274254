/*
 * What the functions that libc's entries lead to have in common: calls.c, advice.c.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/memory.h"
#include "sys.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif

/* A kernel's result, as libc returns it. */
static inline long answer(long result)
{
	if (SYS_IS_ERROR(result)) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

/* Does the range touch a region? An overflow is the kernel's matter. */
static inline bool touches_region(uintptr_t address, size_t bytes)
{
	return address + bytes > address && registry_touch(address, address + bytes);
}

/* The kernel takes an address only on a page, and a length that does not wrap. */
static inline bool well_formed(uintptr_t address, size_t bytes)
{
	return !(address & (memory.base_bytes - 1)) && bytes &&
	       address + bytes + memory.base_bytes > address;
}

/* Where a range ends, in whole small pages. */
static inline uintptr_t range_end(uintptr_t address, size_t bytes)
{
	return (address + bytes + memory.base_bytes - 1) & ~(uintptr_t)(memory.base_bytes - 1);
}

#endif
