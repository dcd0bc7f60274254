/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the copy of a file: see copy_make.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words.h"
#include "files/copy_make.h"
#include "files/fill.h"
#include "files/unchanged.h"
#include "pages/source.h"

/* A signal ends the allocation of pages early, and the next try goes on where it stood. */
#define INTERRUPTIONS_MAX 1000

/* The copy of another process is waited for while it grows at least once in NAPS_MAX naps. */
#define NAP_NANOSECONDS 20000000
#define NAPS_MAX        150

/* Tries to get a lock file that is not just being removed. */
#define LOCK_TRIES 10

static int refuse_error(struct copy *copy, int error)
{
	wanted_file_refuse_error(copy->wanted, error);
	return error;
}

/* A page from the pool, before it is written to: a short pool is an error here. */
static int give_page(struct fill *fill, uint64_t done)
{
	long failed = -EINTR;

	for (int i = 0; i < INTERRUPTIONS_MAX && failed == -EINTR; i++)
		failed = sys_fallocate(fill->to, done, fill->page_bytes);
	/* who waits sees that it grows */
	if (!failed && fill->lock >= 0)
		sys_set_size(fill->lock, done + fill->page_bytes);
	return (int)failed;
}

static uint64_t allowed_bytes(const struct copy *copy, uint64_t bytes)
{
	const struct source source = {.page_bytes = copy->page_bytes};

	return (uint64_t)source_allowed(&source, (size_t)(bytes / copy->page_bytes)) *
	       copy->page_bytes;
}

/* Fills the new file. Returns how many bytes it has. */
static uint64_t fill_file(struct copy *copy, int fd, int lock, uint64_t bytes, int *error)
{
	struct fill fill = {
		.fd = copy->file,
		.path = copy->wanted->path,
		.bytes = bytes,
		.page_bytes = copy->page_bytes,
		.give_page = give_page,
		.to = fd,
		.lock = lock,
	};
	uint64_t done;
	long at;

	*error = sys_set_size(fd, (size_t)bytes);
	if (*error)
		return 0;
	at = sys_mmap(0, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (SYS_IS_ERROR(at)) {
		*error = (int)at;
		return 0;
	}
	fill.memory = (uintptr_t)at;
	done = fill_read(&fill, error);
	sys_munmap((uintptr_t)at, (size_t)bytes);
	if (done < bytes && done && sys_set_size(fd, (size_t)done))
		return 0;
	return done;
}

static bool is_short(int error)
{
	return error == -ENOMEM || error == -ENOSPC;
}

/* The part of a copy's name that says of which file it is: up to the third minus sign. */
static size_t file_bytes_of(const char *name)
{
	const size_t kind = word_bytes(name, '-') + 1,
		     device = kind + word_bytes(name + kind, '-') + 1;

	return device + word_bytes(name + device, '-');
}

/*
 * Copies of what the file was before go, to make room; a process that has mapped one keeps it. The
 * inode may have been another file's, which is gone then.
 */
static void drop_outdated(const struct copy *copy)
{
	const size_t bytes = file_bytes_of(copy->name);
	_Alignas(uint64_t) char entries[1024];
	long fd = sys_open_at(copy->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), got;

	if (SYS_IS_ERROR(fd))
		return;
	while ((got = sys_getdents64((int)fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < got;) {
			const struct dirent64 *entry = (const struct dirent64 *)(entries + at);

			if (!strncmp(entry->d_name, copy->name, bytes) &&
			    entry->d_name[bytes] == '-' && strcmp(entry->d_name, copy->name))
				sys_unlink_at(copy->directory, entry->d_name);
			at += entry->d_reclen;
		}
	sys_close((int)fd);
}

/* The copy is for the user only, because others may not enter the directory.
 */
static int make(struct copy *copy, int lock, uint64_t bytes)
{
	const uint64_t allowed = allowed_bytes(copy, bytes);
	char link[32];
	int error = 0, failed;
	uint64_t done;
	long fd;

	failed = unchanged_check(copy->wanted, copy->file);
	if (failed)
		return failed;
	drop_outdated(copy);
	fd = sys_open_at(copy->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0400);
	if (SYS_IS_ERROR(fd))
		return refuse_error(copy, (int)fd);
	done = allowed ? fill_file(copy, (int)fd, lock, allowed, &error) : 0;
	if (!done || (error && !is_short(error))) {
		failed = error ? error : -ENOSPC;
		if (failed == -ESTALE)
			wanted_file_refuse(copy->wanted, "it is being changed");
		else if (!is_short(failed))
			refuse_error(copy, failed);
		else
			text_format(copy->wanted->reason, sizeof(copy->wanted->reason),
				    "no huge pages of %lu kB are free for a copy (%s)",
				    (unsigned long)(copy->page_bytes >> 10), error_name(failed));
	} else {
		failed = unchanged_check(copy->wanted, copy->file);
	}
	if (!failed) {
		text_format(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
		failed = sys_link_at(link, copy->directory, copy->name);
		if (failed == -EEXIST)
			failed = 0;
		else if (failed)
			refuse_error(copy, failed);
	}
	sys_close((int)fd);
	if (!failed && done < bytes)
		log_info("HUGETLB_MMAP_FILES: %s: the pool has pages for %lu of %lu MB",
			 copy->wanted->path, (unsigned long)(done >> 20),
			 (unsigned long)(bytes >> 20));
	return failed;
}

static void lock_name(const struct copy *copy, char name[COPY_NAME_BYTES + 16])
{
	text_format(name, COPY_NAME_BYTES + 16, COPY_LOCK_PREFIX "%s", copy->name);
}

/* Is the open file still the one of that name? Its last holder removes it. */
static bool is_named(const struct copy *copy, int lock, const char *name, uint64_t *size)
{
	struct statx ours, theirs;
	long fd = sys_open_at(copy->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	bool same;

	if (SYS_IS_ERROR(fd))
		return false;
	same = !sys_statx_fd(lock, &ours) && !sys_statx_fd((int)fd, &theirs) &&
	       ours.stx_ino == theirs.stx_ino;
	*size = same ? ours.stx_size : 0;
	sys_close((int)fd);
	return same;
}

static void nap(void)
{
	const long time[2] = {0, NAP_NANOSECONDS};

	sys_call(SYS_nanosleep, time, 0);
}

/*
 * Waits for the lock while its holder works. 0: it is held; -EEXIST: the file is gone, and so is
 * its holder; -ETIMEDOUT: it stands still.
 */
static int wait_for_lock(const struct copy *copy, int lock, const char *name)
{
	uint64_t size = 0, seen = 0;

	for (int naps = 0; naps < NAPS_MAX; naps++) {
		long failed = sys_call(SYS_flock, lock, LOCK_EX | LOCK_NB);

		if (failed && failed != -EWOULDBLOCK && failed != -EINTR)
			return (int)failed;
		if (!is_named(copy, lock, name, &size))
			return -EEXIST;
		if (!failed)
			return 0;
		if (size != seen)
			naps = 0;
		seen = size;
		nap();
	}
	return -ETIMEDOUT;
}

static int take_lock(struct copy *copy, const char *name)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		long fd = sys_open_at(copy->directory, name,
				      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int failed;

		if (SYS_IS_ERROR(fd))
			return refuse_error(copy, (int)fd);
		failed = wait_for_lock(copy, (int)fd, name);
		if (!failed)
			return (int)fd;
		sys_close((int)fd);
		if (failed != -EEXIST)
			break;
	}
	wanted_file_refuse(copy->wanted, "another process has begun to copy it and makes no progress");
	return -EBUSY;
}

/* Somebody else may have made it meanwhile. */
static bool is_there(const struct copy *copy)
{
	long fd = sys_open_at(copy->directory, copy->name,
			      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);

	if (SYS_IS_ERROR(fd))
		return false;
	sys_close((int)fd);
	return true;
}

int copy_make(struct copy *copy, uint64_t bytes)
{
	char name[COPY_NAME_BYTES + 16];
	int lock, failed;

	lock_name(copy, name);
	lock = take_lock(copy, name);
	if (lock < 0)
		return lock;
	failed = is_there(copy) ? 0 : make(copy, lock, bytes);
	if (sys_unlink_at(copy->directory, name))
		sys_unlink_at(copy->directory, name);
	sys_close(lock);
	return failed;
}
