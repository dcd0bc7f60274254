/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System V segments on hugetlb pages: see shm_segments.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/shm.h>

#include "base/log.h"
#include "base/sys.h"
#include "region/process.h"
#include "region/shm_segments.h"

#define SEGMENTS_MAX 64
#define MODE_BITS    0777

static struct segment {
	int id, small_id; /* small_id: the segment that replaced it; -1: none */
	int key, mode;
	size_t bytes, page_bytes;
	uintptr_t at; /* the last address at which it was attached; 0: none */
	int attach_flags;
} segments[SEGMENTS_MAX];
static int segment_count;

bool shm_segments_any(void)
{
	return __atomic_load_n(&segment_count, __ATOMIC_RELAXED);
}

bool shm_segments_touch(uintptr_t from, uintptr_t to)
{
	for (const struct segment *segment = segments; segment < segments + segment_count;
	     segment++)
		if (segment->at && from < segment->at + segment->bytes && to > segment->at)
			return true;
	return false;
}

static bool status_of(int id, struct shmid_ds *status)
{
	memset(status, 0, sizeof(*status));
	return !SYS_IS_ERROR(sys_shmctl(id, IPC_STAT, status));
}

/* The entry of a segment that is gone, or a new one. NULL: the table is full. */
static struct segment *free_place(void)
{
	struct shmid_ds status;

	if (segment_count < SEGMENTS_MAX)
		return &segments[segment_count++];
	for (int i = 0; i < SEGMENTS_MAX; i++)
		if (segments[i].small_id < 0 && !status_of(segments[i].id, &status))
			return &segments[i];
	return NULL;
}

void shm_segments_add(int id, int key, size_t bytes, int flags, size_t page_bytes)
{
	struct segment *segment = free_place();

	if (segment)
		*segment = (struct segment){
			.id = id,
			.small_id = -1,
			.key = key,
			.mode = flags & MODE_BITS,
			.bytes = bytes,
			.page_bytes = page_bytes,
		};
}

static struct segment *find(int id)
{
	for (int i = 0; i < segment_count; i++)
		if (segments[i].id == id)
			return &segments[i];
	return NULL;
}

int shm_segments_id(int id)
{
	const struct segment *segment = find(id);

	return segment && segment->small_id >= 0 ? segment->small_id : id;
}

/*
 * Creates the replacement of small pages. If the segment has a key, the replacement takes it over;
 * the old segment goes with its last attachment. dying: the program has already removed the old
 * one.
 */
static long make_small(const struct segment *segment, bool dying)
{
	const bool keyed = !dying && segment->key != IPC_PRIVATE;
	long id;

	if (keyed)
		sys_shmctl(segment->id, IPC_RMID, NULL);
	id = sys_shmget(keyed ? segment->key : IPC_PRIVATE, segment->bytes,
			IPC_CREAT | IPC_EXCL | segment->mode);
	if (!SYS_IS_ERROR(id) && !keyed && !dying)
		sys_shmctl(segment->id, IPC_RMID, NULL);
	return id;
}

static void warn(const struct segment *segment, const char *what)
{
	log_warning_once(
		LOG_SHM_MOVED,
		"shm: segment %d of %zu kB %s, which hugetlb pages do not allow: it is on small "
		"pages (to avoid the attempt: HUGETLB_SHM=no)",
		segment->id, segment->bytes >> 10, what);
}

long shm_segments_attach(int id, const void *address, int flags)
{
	struct segment *segment = find(id);
	struct shmid_ds status;
	long at;

	if (segment && segment->small_id < 0 && (uintptr_t)address & (segment->page_bytes - 1) &&
	    !(flags & SHM_RND) && status_of(id, &status) && !status.shm_nattch) {
		long small = make_small(segment, false);

		if (!SYS_IS_ERROR(small)) {
			segment->small_id = (int)small;
			warn(segment, "is attached at an address within a huge page");
		}
	}
	at = sys_shmat(shm_segments_id(id), address, flags);
	if (segment && segment->small_id < 0 && !SYS_IS_ERROR(at)) {
		segment->at = (uintptr_t)at;
		segment->attach_flags = flags & ~(SHM_REMAP | SHM_RND);
	}
	return at;
}

/* Fills the new segment and attaches it over the old one; nothing writes to that meanwhile. */
static int replace(struct segment *segment, int small)
{
	long window = sys_shmat(small, NULL, 0), at;

	if (SYS_IS_ERROR(window))
		return (int)window;
	memcpy((void *)window, (const void *)segment->at, segment->bytes);
	at = sys_shmat(small, (const void *)segment->at, segment->attach_flags | SHM_REMAP);
	sys_shmdt((const void *)window);
	return SYS_IS_ERROR(at) ? (int)at : 0;
}

static bool split(struct segment *segment, const struct shmid_ds *status)
{
	bool dying;
	long small;

	if (status->shm_nattch != 1 || !process_alone())
		return false;
	dying = status->shm_perm.mode & SHM_DEST;
	small = make_small(segment, dying);
	if (SYS_IS_ERROR(small))
		return false;
	if (replace(segment, (int)small)) {
		sys_shmctl((int)small, IPC_RMID, NULL);
		return false;
	}
	segment->small_id = (int)small;
	segment->at = 0;
	if (dying)
		sys_shmctl((int)small, IPC_RMID, NULL);
	return true;
}

bool shm_segments_split(uintptr_t from, uintptr_t to)
{
	struct shmid_ds status;
	bool any = false;

	for (struct segment *segment = segments; segment < segments + segment_count; segment++) {
		if (!segment->at || from >= segment->at + segment->bytes || to <= segment->at)
			continue;
		/* detached meanwhile: something else may be mapped there */
		if (!status_of(segment->id, &status) || !status.shm_nattch) {
			segment->at = 0;
			continue;
		}
		if (split(segment, &status)) {
			warn(segment, "is changed in part");
			any = true;
		} else {
			log_warning_once(
				LOG_SHM_REFUSED,
				"shm: the program changes a part of segment %d, which hugetlb "
				"pages do not allow: the call fails (other processes or threads "
				"use it; set HUGETLB_SHM=no)",
				segment->id);
		}
	}
	return any;
}
