/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for the library's records, far from everything else: see aside.h. System calls only.
 */
#include <stdint.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "base/aside.h"
#include "base/sys.h"

/* The largest huge page that a segment is aligned to, if the address space has room for two of
 * them. */
#define MARGIN_BYTES ((size_t)1 << (sizeof(void *) == 8 ? 30 : 22))

static long map_between_margins(size_t bytes)
{
	long at = sys_mmap(0, bytes + 2 * MARGIN_BYTES, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (SYS_IS_ERROR(at))
		return at;
	sys_munmap((uintptr_t)at, MARGIN_BYTES);
	sys_munmap((uintptr_t)at + MARGIN_BYTES + bytes, MARGIN_BYTES);
	return at + (long)MARGIN_BYTES;
}

long aside_map(size_t bytes, int flags)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	long at, mapped;

	flags |= MAP_PRIVATE | MAP_ANONYMOUS;
	bytes = align_up(bytes, base_bytes);
	at = map_between_margins(bytes);
	if (SYS_IS_ERROR(at))
		return sys_mmap(0, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	mapped = sys_mmap((uintptr_t)at, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0);
	if (SYS_IS_ERROR(mapped))
		sys_munmap((uintptr_t)at, bytes);
	return mapped;
}
