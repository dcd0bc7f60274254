/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories for copies: see copy_directory.h.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "pages/copy_directory.h"
#include "pages/mount.h"

const char *copy_directory_mistrust(const struct statx *status, unsigned int user)
{
	if (status->stx_uid != user && status->stx_uid != 0)
		return "belongs to another user";
	if (status->stx_mode & (S_IWGRP | S_IWOTH))
		return "is writable by others";
	return NULL;
}

long copy_directory_open(const char *mount_path, const char *name, int mode, char *path,
			 unsigned long path_bytes)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	long fd, mount = sys_open(mount_path, flags, 0);

	text_format(path, path_bytes, "%s/%s", mount_path, name);
	if (SYS_IS_ERROR(mount))
		return mount;
	/* usually it is there */
	fd = sys_open_at((int)mount, name, flags | O_NOFOLLOW, 0);
	if (fd == -ENOENT && mode) {
		fd = sys_make_directory_at((int)mount, name, mode);
		if (!fd || fd == -EEXIST)
			fd = sys_open_at((int)mount, name, flags | O_NOFOLLOW, 0);
	}
	sys_close((int)mount);
	return fd;
}

int copy_directory_check(int directory, size_t page_bytes, unsigned int user, long *flags,
			 const char **reason)
{
	struct statfs64 filesystem;
	struct statx status;
	int failed = sys_statx_fd(directory, &status);

	if (!failed)
		failed = sys_statfs_fd(directory, &filesystem);
	if (failed)
		return failed;
	if (!mount_has_pages(&filesystem, page_bytes))
		return -EINVAL;
	*flags = filesystem.f_flags;
	*reason = copy_directory_mistrust(&status, user);
	return *reason ? -EACCES : 0;
}

/* NULL, or why the file that was opened can't be used. */
static const char *mistrust_copy(const struct copy_search *search, const struct statx *status)
{
	const char *reason = copy_directory_mistrust(status, search->user);

	if (reason)
		return reason;
	if ((status->stx_mode & S_IFMT) != S_IFREG)
		return "is not a file";
	/* It must have all of its pages: a hole would read as zeroes, or end the process. */
	if (status->stx_size < search->bytes_min || status->stx_size > search->bytes_max ||
	    status->stx_blocks * 512 != status->stx_size)
		return "is not complete";
	return NULL;
}

int copy_directory_find(struct copy_search *search, const char *name)
{
	struct statx status;
	int failed, fd = (int)sys_open_at(search->directory, name,
					  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);

	search->reason = fd == -ELOOP ? "is a symbolic link" : NULL;
	if (fd < 0)
		return search->reason ? -EACCES : fd;
	failed = sys_statx_fd(fd, &status);
	if (!failed) {
		search->reason = mistrust_copy(search, &status);
		failed = search->reason ? -EACCES : 0;
	}
	if (!failed) {
		search->bytes = status.stx_size;
		return fd;
	}
	sys_close(fd);
	return failed;
}
