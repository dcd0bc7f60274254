/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the copy of a file: see copy_make.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/directory.h"
#include "base/error.h"
#include "base/log.h"
#include "copies/copy_make.h"
#include "copies/copy_note.h"
#include "copies/fill.h"
#include "copies/unchanged.h"
#include "pages/source.h"

/* A signal ends the allocation of pages early, and the next try goes on where it stood. */
#define INTERRUPTIONS_MAX 1000

/* The copy of another process is waited for while it grows at least once in NAPS_MAX naps. */
#define NAP_NANOSECONDS 20000000
#define NAPS_MAX        250

/* Tries to get a lock file that is not just being removed. */
#define LOCK_TRIES 10

static int refuse_error(struct copy *copy, int error)
{
	original_refuse_error(copy->original, error);
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
		.path = copy->original->path,
		.bytes = bytes,
		.page_bytes = copy->page_bytes,
		.give_page = give_page,
		.to = fd,
		.lock = lock,
	};
	uint64_t done;
	long at;

	/* a 32-bit process may map a part of more than it could hold */
	*error = bytes > SIZE_MAX ? -EFBIG : sys_set_size(fd, (size_t)bytes);
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

/*
 * Copies of what the file was before go, and their notes, to make room; a process that has mapped
 * one keeps it. The inode may have been another file's, which is gone then.
 */
static void drop_outdated(const struct copy *copy)
{
	struct directory directory;
	const char *name;

	if (directory_open(&directory, copy->directory, "."))
		return;
	while ((name = directory_next(&directory)))
		if (copy_note_is(name, copy->name) ||
		    (copy_note_is_copy(name, copy->name) && strcmp(name, copy->name)))
			sys_unlink_at(copy->directory, name);
	directory_close(&directory);
}

/* Gives the finished copy its name. */
static int publish(struct copy *copy, int fd)
{
	char link[32];
	int failed;

	text_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	failed = sys_link_at(link, copy->directory, copy->name);
	if (failed && failed != -EEXIST)
		return refuse_error(copy, failed);
	copy_note_make(copy->directory, copy->name, copy->original->path);
	return 0;
}

/* Why nothing was copied. */
static int refuse_fill(struct copy *copy, int error)
{
	if (!error)
		error = -ENOSPC;
	if (error == -ESTALE)
		original_refuse(copy->original, "it is being changed");
	else if (!is_short(error))
		refuse_error(copy, error);
	else
		text_format(copy->original->reason, sizeof(copy->original->reason),
			    "no huge pages of %lu kB are free for a copy (%s)",
			    (unsigned long)(copy->page_bytes >> 10), error_name(error));
	return error;
}

static int make(struct copy *copy, int lock, uint64_t bytes)
{
	static const int modes[] = {
		[COPY_FOR_USER] = 0400, [COPY_FOR_GROUP] = 0440, [COPY_FOR_ALL] = 0444};
	const uint64_t allowed = allowed_bytes(copy, bytes);
	int error = 0, failed = unchanged_check(copy->original, copy->file);
	uint64_t done;
	long fd;

	if (failed)
		return failed;
	drop_outdated(copy);
	fd = sys_open_at(copy->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC,
			 modes[copy->readers]);
	if (SYS_IS_ERROR(fd))
		return refuse_error(copy, (int)fd);
	done = allowed ? fill_file(copy, (int)fd, lock, allowed, &error) : 0;
	if (!done || (error && !is_short(error)))
		failed = refuse_fill(copy, error);
	else
		failed = unchanged_check(copy->original, copy->file);
	if (!failed)
		failed = publish(copy, (int)fd);
	sys_close((int)fd);
	if (!failed && done < bytes)
		log_info("HUGETLB_MMAP_FILES: %s: the pool has pages for %lu of %lu MB",
			 copy->original->path, (unsigned long)(done >> 20),
			 (unsigned long)(bytes >> 20));
	return failed;
}

static void lock_name(const struct copy *copy, char name[COPY_NAME_BYTES + COPY_PREFIXES_MAX])
{
	text_format(name, COPY_NAME_BYTES + COPY_PREFIXES_MAX, COPY_LOCK_PREFIX "%s", copy->name);
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
	original_refuse(copy->original,
			"another process has begun to copy it and makes no progress");
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
	char name[COPY_NAME_BYTES + COPY_PREFIXES_MAX];
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
