/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which mapping of a file, and of which file: see wanted.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words.h"
#include "files/wanted.h"
#include "options/rule.h"

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

bool wanted_file_is(const struct calls_file *call, size_t threshold)
{
	const int kind = call->flags & MAP_TYPE;

	return call->protection == PROT_READ && call->bytes >= threshold && call->fd >= 0 &&
	       (kind == MAP_PRIVATE || kind == MAP_SHARED) &&
	       !(call->flags & ~(MAP_TYPE | MAP_NORESERVE | MAP_POPULATE)) && !sys_sandboxed &&
	       !sys_is_filtered();
}

bool wanted_file_matches(const char *path, const char *patterns)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (; *patterns; patterns += *patterns == ':') {
		const size_t length = word_bytes(patterns, ':');

		if (rule_glob(patterns, length, memchr(patterns, '/', length) ? path : name))
			return true;
		patterns += length;
	}
	return false;
}

static bool read_path(struct wanted_file *wanted)
{
	static const char deleted[] = " (deleted)";
	char link[32];
	long length;

	text_format(link, sizeof(link), "/proc/self/fd/%d", wanted->call->fd);
	length = sys_readlink(link, wanted->path, sizeof(wanted->path) - 1);
	if (SYS_IS_ERROR(length))
		return false;
	wanted->path[length] = '\0';
	length -= (long)sizeof(deleted) - 1;
	if (length > 0 && !wanted->status.stx_nlink && !strcmp(wanted->path + length, deleted))
		wanted->path[length] = '\0';
	return true;
}

bool wanted_file_read(struct wanted_file *wanted, const struct calls_file *call, const char *only)
{
	struct statfs64 filesystem;

	wanted->call = call;
	wanted->reason[0] = '\0';
	if (sys_statx_fd(call->fd, &wanted->status) ||
	    (wanted->status.stx_mode & S_IFMT) != S_IFREG || sys_statfs_fd(call->fd, &filesystem))
		return false;
	wanted->filesystem = (uint32_t)filesystem.f_type;
	if (wanted->filesystem == HUGETLBFS_MAGIC || !read_path(wanted))
		return false;
	wanted->is_named = only;
	return !only || wanted_file_matches(wanted->path, only);
}

bool wanted_file_is_in_memory(const struct wanted_file *wanted)
{
	return wanted->filesystem == TMPFS_MAGIC;
}

bool wanted_file_is_local(const struct wanted_file *wanted)
{
	for (size_t i = 0; i < sizeof(local_filesystems) / sizeof(local_filesystems[0]); i++)
		if (wanted->filesystem == local_filesystems[i])
			return true;
	return false;
}

void wanted_file_refuse(struct wanted_file *wanted, const char *reason)
{
	text_format(wanted->reason, sizeof(wanted->reason), "%s", reason);
}

void wanted_file_refuse_error(struct wanted_file *wanted, long error)
{
	text_format(wanted->reason, sizeof(wanted->reason),
		    "its copy cannot be made or mapped (%s)", error_name(error));
}

int wanted_file_open(struct wanted_file *wanted)
{
	struct statx status;
	char link[32];
	long fd;

	text_format(link, sizeof(link), "/proc/self/fd/%d", wanted->call->fd);
	fd = sys_open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (!SYS_IS_ERROR(fd)) {
		if (!sys_statx_fd((int)fd, &status) && status.stx_ino == wanted->status.stx_ino)
			return (int)fd;
		sys_close((int)fd);
		fd = -ESTALE;
	}
	wanted_file_refuse(wanted, "it cannot be opened again");
	return (int)fd;
}
