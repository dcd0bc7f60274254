/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories for copies: see copy_directory.h.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "pages/copy_directory.h"

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
