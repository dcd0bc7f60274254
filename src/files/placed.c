/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the program's mapping of a file lies: see placed.h.
 */
#include <errno.h>

#include "base/align.h"
#include "base/sys.h"
#include "files/placed.h"
#include "region/lock.h"
#include "region/process.h"
#include "region/ranges.h"

/* Address space that agrees with the offset modulo the page. The address or -errno. */
static long reserve(size_t bytes, uint64_t offset, size_t page_bytes)
{
	const size_t room = bytes + page_bytes;
	uintptr_t start, at;
	long reserved;

	if (room < bytes)
		return -ENOMEM;
	reserved = sys_mmap(0, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (SYS_IS_ERROR(reserved))
		return reserved;
	start = (uintptr_t)reserved;
	at = start + (((uintptr_t)offset - start) & (page_bytes - 1));
	if (at > start)
		sys_munmap(start, at - start);
	if (at + bytes < start + room)
		sys_munmap(at + bytes, start + room - (at + bytes));
	return (long)at;
}

/* Where the kernel chose a place of a region's, nothing of what we knew of it is there any more. */
static void note_mapped(uintptr_t from, uintptr_t to)
{
	if (ranges_touch(from, to - from) && lock_take()) {
		ranges_note_mapped(from, to);
		lock_release();
	}
}

int placed_file_map(struct placed_file *placed, const struct calls_file *call, uint64_t file_bytes,
		    size_t page_bytes)
{
	const size_t bytes = align_up(call->bytes, process_base_bytes);
	const uint64_t mask = page_bytes - 1;
	const uint64_t behind =
		call->offset + bytes < file_bytes ? call->offset + bytes : file_bytes;
	const uint64_t first = (call->offset + mask) & ~mask, last = behind & ~mask;
	long at, mapped;

	if (bytes < call->bytes)
		return -ENOMEM;
	at = reserve(bytes, call->offset, page_bytes);
	if (SYS_IS_ERROR(at))
		return (int)at;
	mapped = sys_mmap((uintptr_t)at, bytes, call->protection,
			  (call->flags & ~MAP_POPULATE) | MAP_FIXED, call->fd, call->offset);
	if (SYS_IS_ERROR(mapped)) {
		sys_munmap((uintptr_t)at, bytes);
		return (int)mapped;
	}
	placed->start = (uintptr_t)at;
	placed->end = (uintptr_t)at + bytes;
	placed->page_bytes = page_bytes;
	placed->offset = first;
	placed->first = placed->last = placed->start;
	if (first < last) {
		placed->first = placed->start + (uintptr_t)(first - call->offset);
		placed->last = placed->start + (uintptr_t)(last - call->offset);
	}
	note_mapped(placed->start, placed->end);
	return 0;
}

void placed_file_unmap(const struct placed_file *placed)
{
	sys_munmap(placed->start, placed->end - placed->start);
}

void placed_file_populate(const struct calls_file *call, uintptr_t from, uintptr_t to)
{
	if (call->flags & MAP_POPULATE && from < to)
		sys_madvise(from, to - from, MADV_POPULATE_READ);
}
