/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copy of a file on a hugetlbfs mount: see copy.h.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/log.h"
#include "files/copy.h"
#include "files/copy_make.h"
#include "files/writers.h"
#include "pages/copy_directory.h"
#include "pages/mount.h"

/* A mapping of less than this share of its file is not worth a copy of all of it. */
#define MAPPED_SHARE 2

static int refuse(struct copy *copy, int error, const char *reason)
{
	wanted_file_refuse(copy->wanted, reason);
	return error;
}

/*
 * Opens the copy of copy->name. -ENOENT: there is none. What is there and can't be trusted is an
 * error with a reason.
 */
static int open_complete(struct copy *copy, uint64_t whole_bytes)
{
	struct statx status;
	const char *reason;
	int failed;
	long fd = sys_open_at(copy->directory, copy->name,
			      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);

	if (fd == -ELOOP)
		return refuse(copy, -EACCES, "its copy is a symbolic link");
	if (SYS_IS_ERROR(fd))
		return (int)fd;
	failed = sys_statx_fd((int)fd, &status);
	if (failed)
		goto close;
	reason = copy_directory_mistrust(&status, copy->user);
	if (!reason && (status.stx_mode & S_IFMT) != S_IFREG)
		reason = "is not a file";
	/* With all of its pages: a hole would read as zeroes, or end the process. */
	if (!reason &&
	    (!status.stx_size || status.stx_size % copy->page_bytes ||
	     status.stx_size > whole_bytes || status.stx_blocks * 512 != status.stx_size))
		reason = "is not complete";
	if (!reason) {
		copy->bytes = status.stx_size;
		return (int)fd;
	}
	text_format(copy->wanted->reason, sizeof(copy->wanted->reason), "its copy %s/%s %s",
		    copy->path, copy->name, reason);
	failed = -EACCES;
close:
	sys_close((int)fd);
	return failed;
}

static int check_directory(struct copy *copy)
{
	struct statfs64 filesystem;
	struct statx status;
	const char *reason = NULL;
	int failed = sys_statx_fd(copy->directory, &status);

	if (!failed)
		failed = sys_statfs_fd(copy->directory, &filesystem);
	if (failed)
		return failed;
	if (!mount_has_pages(&filesystem, copy->page_bytes))
		return -ENOENT;
	reason = copy_directory_mistrust(&status, copy->user);
	if (!reason)
		return 0;
	text_format(copy->wanted->reason, sizeof(copy->wanted->reason), "%s %s", copy->path,
		    reason);
	return -EACCES;
}

/* Enters a directory of copies. -ENOENT: there is none. */
static int enter(struct copy *copy, const char *name, int mode)
{
	long fd = copy_directory_open(copy->mount, name, mode, copy->path, sizeof(copy->path));
	int failed;

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	copy->directory = (int)fd;
	failed = check_directory(copy);
	if (failed)
		sys_close(copy->directory);
	return failed;
}

/* One that root has made for everybody. */
static int open_of_all(struct copy *copy, uint64_t whole_bytes)
{
	int fd = enter(copy, COPY_DIRECTORY_OF_ALL, 0);

	if (fd)
		return fd;
	fd = open_complete(copy, whole_bytes);
	sys_close(copy->directory);
	return fd;
}

static bool is_worth_it(const struct copy *copy)
{
	const uint64_t file_bytes = copy->wanted->status.stx_size;

	return copy->wanted->call->bytes >= file_bytes / MAPPED_SHARE;
}

/* The user's own; it is made where there is none. */
static int open_of_user(struct copy *copy, uint64_t whole_bytes)
{
	struct wanted_file *wanted = copy->wanted;
	char name[48];
	int fd;

	text_format(name, sizeof(name), COPY_DIRECTORY_OF_USER, copy->user);
	fd = enter(copy, name, 0700);
	if (fd) {
		if (!wanted->reason[0])
			wanted_file_refuse_error(wanted, fd);
		return fd;
	}
	fd = open_complete(copy, whole_bytes);
	if (fd == -ENOENT && !is_worth_it(copy))
		fd = refuse(copy, -ERANGE, "less than half of it is mapped");
	else if (fd == -ENOENT && copy_make(copy, whole_bytes) >= 0)
		fd = open_complete(copy, whole_bytes);
	sys_close(copy->directory);
	if (fd == -ENOENT && !wanted->reason[0])
		wanted_file_refuse_error(wanted, fd);
	return fd;
}

static int find_mount(struct copy *copy)
{
	const struct options *options = copy->options;
	const char *listed = mount_listed(copy->page_bytes, options->mounts);
	int failed = mount_find(copy->page_bytes, listed, copy->mount, sizeof(copy->mount));

	if (!failed && !(options->path && !listed))
		return 0;
	text_format(copy->wanted->reason, sizeof(copy->wanted->reason),
		    "no hugetlbfs for pages of %lu kB is mounted that this user may write to (see "
		    "hugeadm --create-user-mounts)",
		    (unsigned long)(copy->page_bytes >> 10));
	return failed ? failed : -ENOENT;
}

static int open_any(struct copy *copy)
{
	const uint64_t whole_bytes =
		copy->wanted->status.stx_size & ~((uint64_t)copy->page_bytes - 1);
	int fd;

	if (writers_of(copy->file) == WRITERS_SOME)
		return refuse(copy, -ETXTBSY, "it is open for writing");
	copy_name(&copy->wanted->status, copy->name);
	fd = open_of_all(copy, whole_bytes);
	if (fd >= 0)
		return fd;
	copy->wanted->reason[0] = '\0';
	return open_of_user(copy, whole_bytes);
}

int copy_open(struct copy *copy, struct wanted_file *wanted, const struct options *options,
	      size_t page_bytes)
{
	long user = sys_geteuid();
	int fd;

	copy->wanted = wanted;
	copy->options = options;
	copy->page_bytes = page_bytes;
	wanted->reason[0] = '\0';
	if (!wanted_file_is_local(wanted))
		return refuse(copy, -EXDEV,
			      wanted_file_is_in_memory(wanted)
				      ? "it is in memory already, and a copy would be a second one"
				      : "it is on a network or FUSE file system, where others can "
					"change it unnoticed");
	if (SYS_IS_ERROR(user)) {
		wanted_file_refuse_error(wanted, user);
		return (int)user;
	}
	copy->user = (unsigned int)user;
	fd = find_mount(copy);
	if (fd)
		return fd;
	copy->file = wanted_file_open(wanted);
	if (copy->file < 0)
		return copy->file;
	fd = open_any(copy);
	sys_close(copy->file);
	return fd;
}
