/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that may be copied: see original.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "copies/original.h"

/*
 * File systems of this machine whose inodes have the time of each change (ctime, which no program
 * can set), and whose files only this kernel changes. Network file systems and FUSE are none.
 */
static const uint32_t local_filesystems[] = {
	0xef53,     /* ext4 */
	0x58465342, /* xfs */
	0x9123683e, /* btrfs */
	0xf2f52010, /* f2fs */
	0xca451a4e, /* bcachefs */
	0x2fc12fc1, /* zfs */
	0x794c7630, /* overlayfs */
	0x73717368, /* squashfs */
	0xe0f5e1e2, /* erofs */
	0x9660,     /* iso9660 */
};

static bool read_path(struct original *original)
{
	static const char deleted[] = " (deleted)";
	char link[32];
	long length;

	text_format(link, sizeof(link), "/proc/self/fd/%d", original->given);
	length = sys_readlink(link, original->path, sizeof(original->path) - 1);
	if (SYS_IS_ERROR(length))
		return false;
	original->path[length] = '\0';
	length -= (long)sizeof(deleted) - 1;
	if (length > 0 && !original->status.stx_nlink && !strcmp(original->path + length, deleted))
		original->path[length] = '\0';
	return true;
}

bool original_read(struct original *original, int fd)
{
	struct statfs64 filesystem;

	original->given = fd;
	original->reason[0] = '\0';
	if (sys_statx_fd(fd, &original->status) ||
	    (original->status.stx_mode & S_IFMT) != S_IFREG || sys_statfs_fd(fd, &filesystem))
		return false;
	original->filesystem = (uint32_t)filesystem.f_type;
	return original->filesystem != HUGETLBFS_MAGIC && read_path(original);
}

bool original_is_in_memory(const struct original *original)
{
	return original->filesystem == TMPFS_MAGIC;
}

bool original_is_local(const struct original *original)
{
	for (size_t i = 0; i < sizeof(local_filesystems) / sizeof(local_filesystems[0]); i++)
		if (original->filesystem == local_filesystems[i])
			return true;
	return false;
}

void original_refuse_elsewhere(struct original *original)
{
	original_refuse(original, "it is on a network, FUSE or unknown file system, where it can "
				  "change unnoticed");
}

void original_refuse(struct original *original, const char *reason)
{
	text_format(original->reason, sizeof(original->reason), "%s", reason);
}

void original_refuse_error(struct original *original, long error)
{
	text_format(original->reason, sizeof(original->reason),
		    "its copy cannot be made or mapped (%s)", error_name(error));
}

int original_open(struct original *original)
{
	struct statx status;
	char link[32];
	long fd;

	text_format(link, sizeof(link), "/proc/self/fd/%d", original->given);
	fd = sys_open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (!SYS_IS_ERROR(fd)) {
		if (!sys_statx_fd((int)fd, &status) && status.stx_ino == original->status.stx_ino)
			return (int)fd;
		sys_close((int)fd);
		fd = -ESTALE;
	}
	original_refuse(original, "it cannot be opened again");
	return (int)fd;
}
