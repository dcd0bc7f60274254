/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copy of a file on a hugetlbfs mount: see copy.h.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/log.h"
#include "copies/copy.h"
#include "copies/copy_make.h"
#include "copies/writers.h"
#include "pages/copy_directory.h"
#include "pages/mount.h"

/* A mapping of less than this share of its file is not worth a copy of all of it. */
#define MAPPED_SHARE 2

static int refuse(struct copy *copy, int error, const char *reason)
{
	original_refuse(copy->original, reason);
	return error;
}

/*
 * Opens the copy of copy->name. -ENOENT: there is none. What is there and can't be trusted is an
 * error with a reason.
 */
static int open_complete(struct copy *copy)
{
	struct copy_search search = {
		.directory = copy->directory,
		.user = copy->user,
		.bytes_min = copy->page_bytes,
		.bytes_max = copy_whole_bytes(&copy->original->status, copy->page_bytes),
	};
	int fd = copy_directory_find(&search, copy->name);

	if (fd >= 0)
		copy->bytes = search.bytes;
	else if (search.reason)
		text_format(copy->original->reason, sizeof(copy->original->reason),
			    "its copy %s/%s %s", copy->path, copy->name, search.reason);
	return fd;
}

static int check_directory(struct copy *copy)
{
	const char *reason = NULL;
	long flags;
	int failed = copy_directory_check(copy->directory, copy->page_bytes, copy->user, &flags,
					  &reason);

	if (reason)
		text_format(copy->original->reason, sizeof(copy->original->reason), "%s %s",
			    copy->path, reason);
	return failed == -EINVAL ? -ENOENT : failed;
}

/* Enters the directory of the copy's readers; makes it with that mode, if not 0. -ENOENT: there is
 * none. */
static int enter(struct copy *copy, int mode)
{
	char name[COPY_DIRECTORY_BYTES];
	int failed;
	long fd;

	copy_directory_name(copy, name);
	fd = copy_directory_open(copy->mount, name, mode, copy->path, sizeof(copy->path));
	if (SYS_IS_ERROR(fd))
		return (int)fd;
	copy->directory = (int)fd;
	failed = check_directory(copy);
	if (failed)
		sys_close(copy->directory);
	return failed;
}

/* One that root has made, on this mount. */
static int open_preloaded(struct copy *copy, enum copy_readers readers)
{
	int fd;

	copy->readers = readers;
	fd = enter(copy, 0);
	if (fd)
		return fd;
	fd = open_complete(copy);
	sys_close(copy->directory);
	return fd;
}

static bool visit_preloaded(const char *mount, void *context)
{
	struct copy *copy = context;

	(void)mount; /* it is copy->mount */
	copy->file_of_copy = open_preloaded(copy, COPY_FOR_ALL);
	if (copy->file_of_copy < 0)
		copy->file_of_copy = open_preloaded(copy, COPY_FOR_GROUP);
	return copy->file_of_copy >= 0;
}

/* The copy of copy->readers, on copy->mount; it is made where there is none and that is worth it.
 */
static int open_or_make(struct copy *copy, bool is_worth_it)
{
	static const int modes[] = {
		[COPY_FOR_USER] = 0700, [COPY_FOR_GROUP] = 0750, [COPY_FOR_ALL] = 0755};
	struct original *original = copy->original;
	int fd = enter(copy, modes[copy->readers]);

	if (fd) {
		if (!original->reason[0])
			original_refuse_error(original, fd);
		return fd;
	}
	fd = open_complete(copy);
	if (fd == -ENOENT && !is_worth_it)
		fd = refuse(copy, -ERANGE, "less than half of it is mapped");
	else if (fd == -ENOENT &&
		 copy_make(copy, copy_whole_bytes(&copy->original->status, copy->page_bytes)) >= 0)
		fd = open_complete(copy);
	sys_close(copy->directory);
	if (fd == -ENOENT && !original->reason[0])
		original_refuse_error(original, fd);
	return fd;
}

static int refuse_mounts(struct copy *copy, int error, const char *which)
{
	text_format(copy->original->reason, sizeof(copy->original->reason),
		    "no hugetlbfs for pages of %lu kB is mounted that %s",
		    (unsigned long)(copy->page_bytes >> 10), which);
	return error ? error : -ENOENT;
}

/* A mount that this user may write to. */
static int find_mount(struct copy *copy)
{
	const struct options *options = copy->options;
	const char *listed = mount_listed(copy->page_bytes, options->mounts);
	int failed = mount_find(copy->page_bytes, listed, copy->mount, sizeof(copy->mount));

	if (!failed && !(options->path && !listed))
		return 0;
	return refuse_mounts(copy, failed,
			     "this user may write to (see hugeadm --create-user-mounts)");
}

/* May all readers enter that directory, by its mode? */
static bool all_may_enter(const char *mount, void *context)
{
	const struct copy *copy = context;
	const long fd = sys_open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct statx status;
	bool may;

	if (SYS_IS_ERROR(fd))
		return false;
	may = !sys_statx_fd((int)fd, &status) &&
	      (status.stx_mode & S_IXOTH ||
	       (copy->readers == COPY_FOR_GROUP && status.stx_mode & S_IXGRP &&
		status.stx_gid == copy->group));
	sys_close((int)fd);
	return may;
}

/* A mount that all of the copy's readers may enter. */
static int find_mount_of_all(struct copy *copy)
{
	if (mount_visit(copy->page_bytes, copy->options->mounts, all_may_enter, copy, copy->mount,
			sizeof(copy->mount)))
		return 0;
	return refuse_mounts(copy, -ENOENT,
			     "all readers may enter (see hugeadm --create-global-mounts)");
}

/* Sets copy's members, and opens the original as copy->file. 0, or -errno with a reason. */
static int begin(struct copy *copy, struct original *original, const struct options *options,
		 size_t page_bytes)
{
	long user = sys_geteuid();

	copy->original = original;
	copy->options = options;
	copy->page_bytes = page_bytes;
	copy->group = original->status.stx_gid;
	original->reason[0] = '\0';
	if (original_is_in_memory(original))
		return refuse(copy, -EXDEV,
			      "it is in memory already, and a copy would be a second one");
	if (!original_is_local(original)) {
		original_refuse_elsewhere(original);
		return -EXDEV;
	}
	if (SYS_IS_ERROR(user)) {
		original_refuse_error(original, user);
		return (int)user;
	}
	copy->user = (unsigned int)user;
	copy_name(&original->status, copy->name);
	copy->file = original_open(original);
	if (copy->file < 0)
		return copy->file;
	if (writers_of(copy->file) != WRITERS_SOME)
		return 0;
	sys_close(copy->file);
	return refuse(copy, -ETXTBSY, "it is open for writing");
}

int copy_open(struct copy *copy, struct original *original, const struct options *options,
	      size_t page_bytes, uint64_t mapped_bytes)
{
	int fd = begin(copy, original, options, page_bytes);

	if (fd)
		return fd;
	if (mount_visit(page_bytes, options->mounts, visit_preloaded, copy, copy->mount,
			sizeof(copy->mount))) {
		fd = copy->file_of_copy;
	} else {
		original->reason[0] = '\0';
		copy->readers = COPY_FOR_USER;
		fd = find_mount(copy);
		if (!fd)
			fd = open_or_make(copy,
					  mapped_bytes >= original->status.stx_size / MAPPED_SHARE);
	}
	sys_close(copy->file);
	return fd;
}

int copy_preload(struct copy *copy, struct original *original, const struct options *options,
		 size_t page_bytes)
{
	int fd = begin(copy, original, options, page_bytes);

	if (fd)
		return fd;
	fd = copy->readers == COPY_FOR_USER ? find_mount(copy) : find_mount_of_all(copy);
	if (!fd)
		fd = open_or_make(copy, true);
	sys_close(copy->file);
	return fd;
}
