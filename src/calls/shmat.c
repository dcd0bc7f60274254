/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shmat: see shmat.h.
 */
#include <stdint.h>
#include <sys/shm.h>

#include "base/align.h"
#include "base/sys.h"
#include "calls/result.h"
#include "calls/shmat.h"
#include "proc/maps.h"
#include "region/lock.h"
#include "region/ranges.h"
#include "region/shm_segments.h"

/* The size of an existing segment; 0: it does not exist, or the program may not query it. */
static size_t segment_bytes(int id)
{
	struct shmid_ds segment = {0};

	if (SYS_IS_ERROR(sys_shmctl(shm_segments_id(id), IPC_STAT, &segment)))
		return 0;
	return segment.shm_segsz;
}

/* The kernel rounds down with SHM_RND. */
static uintptr_t place_of(const void *address, int flags)
{
	uintptr_t at = (uintptr_t)address;

	return flags & SHM_RND ? align_down(at, process_base_bytes) : at;
}

static long attach_locked(const long *arguments)
{
	return shm_segments_attach((int)arguments[2], (const void *)arguments[0],
				   (int)arguments[3]);
}

static long replace_locked(const long *arguments)
{
	const uintptr_t at = (uintptr_t)arguments[0], end = (uintptr_t)arguments[1];
	long result = ranges_split(at, end, false);

	if (!result)
		result = attach_locked(arguments);
	if (!SYS_IS_ERROR(result))
		ranges_note_mapped(at, end);
	return result;
}

void *call_shmat(int id, const void *address, int flags)
{
	uintptr_t at = place_of(address, flags);
	const size_t bytes = sys_sandboxed ? 0 : segment_bytes(id);
	const long arguments[] = {(long)at, (long)ranges_end(at, bytes), id, flags};
	bool replaces = at && flags & SHM_REMAP && ranges_touch(at, bytes);
	long result = 0;

	if (replaces && ranges_run(at, bytes, replace_locked, arguments, &result))
		return (void *)answer(result);
	if (!shm_segments_any() || !lock_run(attach_locked, arguments, &result))
		result = sys_shmat(id, address, flags);
	if (!SYS_IS_ERROR(result) && ranges_touch((uintptr_t)result, bytes) && lock_take()) {
		ranges_note_mapped((uintptr_t)result, ranges_end((uintptr_t)result, bytes));
		lock_release();
	}
	return (void *)answer(result);
}

/* Pieces of an attachment that shmdt unmaps: parts of it may have been unmapped or replaced. */
#define PIECES_MAX 8

struct pieces {
	int count;
	uintptr_t from[PIECES_MAX], to[PIECES_MAX];
};

/* Those of the segment that is attached at the address, by the kernel's word. */
static void find_pieces(uintptr_t address, struct pieces *pieces)
{
	struct smaps_mapping mapping;
	uint64_t at = address, inode = 0;
	struct maps maps;

	pieces->count = 0;
	if (maps_open(&maps, false))
		return;
	for (; pieces->count < PIECES_MAX && maps_above(&maps, at, &mapping); at = mapping.end) {
		const bool first = mapping.start <= address;

		if (first)
			inode = mapping.inode;
		if (!inode || mapping.inode != inode || mapping.start - mapping.offset != address)
			break;
		pieces->from[pieces->count] = (uintptr_t)mapping.start;
		pieces->to[pieces->count++] = (uintptr_t)mapping.end;
	}
	maps_close(&maps);
}

static long detach_locked(const long *arguments)
{
	struct pieces pieces;
	int result;

	find_pieces((uintptr_t)arguments[0], &pieces);
	result = sys_shmdt((const void *)arguments[0]);
	for (int i = 0; !result && i < pieces.count; i++)
		ranges_note_unmapped(pieces.from[i], pieces.to[i]);
	return result;
}

int call_shmdt(const void *address)
{
	const long arguments[] = {(long)address};
	long result;

	if (sys_sandboxed || !ranges_touch((uintptr_t)address, 1) ||
	    !lock_run(detach_locked, arguments, &result))
		result = sys_shmdt(address);
	return (int)answer(result);
}

/* Commands that take an identifier; others take an index into the kernel's table. */
static bool names_segment(int command)
{
	return command == IPC_STAT || command == IPC_SET || command == IPC_RMID ||
	       command == SHM_LOCK || command == SHM_UNLOCK;
}

int call_shmctl(int id, int command, struct shmid_ds *argument)
{
	return (int)answer(
		sys_shmctl(names_segment(command) ? shm_segments_id(id) : id, command, argument));
}
