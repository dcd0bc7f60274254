/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shmget(2) under HUGETLB_SHM: new System V shared memory segments on huge pages.
 *
 * Replaces libc's function in every program that loads or links the library. If HUGETLB_SHM is off,
 * it does what libc does: one system call.
 */
#include <errno.h>
#include <sys/shm.h>

#include "api/api.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "options/options.h"
#include "region/lock.h"
#include "region/shm_segments.h"

#ifndef SHM_HUGE_SHIFT
#define SHM_HUGE_SHIFT 26
#endif
/* The kernel ignores these bits without SHM_HUGETLB. */
#define SHM_HUGE_BITS (63 << SHM_HUGE_SHIFT)

static const char *reason(long error)
{
	switch (error) {
	case -ENOMEM:
		return "the pool has too few pages";
	case -EPERM:
		return "it needs CAP_IPC_LOCK, or the group in /proc/sys/vm/hugetlb_shm_group";
	case -EINVAL:
		return "there is no such page size, or /proc/sys/kernel/shmmax is less than that";
	case -ENOSYS:
		return "this kernel has none";
	default:
		return "the kernel refuses";
	}
}

static void warn_once(size_t bytes, size_t page_bytes, long error)
{
	static bool warned;

	if (__atomic_exchange_n(&warned, true, __ATOMIC_RELAXED))
		return;
	log_warning(
		"shm: no huge pages of %zu kB for a segment of %zu bytes: %s (%s); it is on small "
		"pages (reported once)",
		page_bytes >> 10, bytes, reason(error), error_name(error));
}

/*
 * Does the call create a segment without specifying its page size? An existing segment keeps its
 * pages, and may be smaller than a rounded size.
 */
static bool makes_segment(key_t key, int flags)
{
	if (flags & SHM_HUGETLB)
		return false;
	if (key == IPC_PRIVATE)
		return true;
	return (flags & IPC_CREAT) && sys_shmget(key, 0, 0) == -ENOENT;
}

/* Returns the segment's id, or -errno with no new segment created. */
static long get_huge_segment(key_t key, size_t bytes, int flags, size_t page_bytes)
{
	size_t rounded;
	long id;

	if (!page_bytes)
		return -ENOSYS;
	if (!bytes || mapping_round(bytes, page_bytes, &rounded))
		return -EINVAL;
	flags &= ~SHM_HUGE_BITS;
	flags |= SHM_HUGETLB | __builtin_ctzl(page_bytes) << SHM_HUGE_SHIFT;
	if (options_get(NULL, NULL)->no_reserve)
		flags |= SHM_NORESERVE;
	id = sys_shmget(key, rounded, flags);
	if (id >= 0)
		shm_segments_add((int)id, key, rounded, flags, page_bytes);
	return id;
}

static long get_segment(const long *arguments)
{
	const key_t key = (key_t)arguments[0];
	const size_t bytes = (size_t)arguments[1];
	const int flags = (int)arguments[2];
	const struct options *options = options_get(NULL, NULL);
	size_t page_bytes;
	long id, huge_id;

	if (!makes_segment(key, flags))
		return sys_shmget(key, bytes, flags);
	page_bytes = options->shm_page_bytes ? options->shm_page_bytes : api_default_page_bytes();
	huge_id = get_huge_segment(key, bytes, flags, page_bytes);
	if (huge_id >= 0) {
		log_info("shm: segment %ld of %zu bytes is on huge pages of %zu kB", huge_id, bytes,
			 page_bytes >> 10);
		return huge_id;
	}
	/* an error in the call itself occurs without huge pages, too */
	id = sys_shmget(key, bytes, flags);
	if (id >= 0)
		warn_once(bytes, page_bytes, huge_id);
	return id;
}

int __attribute__((visibility("default"))) shmget(key_t key, size_t size, int flags)
{
	const long arguments[] = {key, (long)size, flags};
	long id;

	/* on a stack of the library; without the lock, on the caller's stack */
	if (!options_get(NULL, NULL)->shm)
		id = sys_shmget(key, size, flags);
	else if (!lock_run(get_segment, arguments, &id))
		id = get_segment(arguments);
	return id < 0 ? api_no_result(id) : (int)id;
}
