/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hugetlbfs mounts, and which users may use them.
 */
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tools/common/proc_mounts.h"
#include "tools/hugestat/system.h"

/* Queries the mount itself: another file system may be mounted over it. */
static bool read_mount(struct system_mount *mount)
{
	struct statfs filesystem;
	struct stat status;

	if (statfs(mount->path, &filesystem) || stat(mount->path, &status) ||
	    (unsigned int)filesystem.f_type != HUGETLBFS_MAGIC)
		return false;
	mount->page_bytes = (size_t)filesystem.f_bsize;
	mount->uid = status.st_uid;
	mount->gid = status.st_gid;
	mount->mode = status.st_mode & 07777;
	mount->writable = !access(mount->path, W_OK | X_OK);
	if ((long)filesystem.f_blocks > 0) {
		mount->total = (unsigned long)filesystem.f_blocks;
		mount->free = (unsigned long)filesystem.f_bfree;
	}
	return true;
}

void system_read_mounts(struct system *system)
{
	struct proc_mounts mounts;

	proc_mounts_open(&mounts);
	while (system->mount_count < SYSTEM_MOUNTS_MAX && proc_mounts_next(&mounts)) {
		struct system_mount *mount = &system->mounts[system->mount_count];

		if (strcmp(mounts.entry.mnt_type, "hugetlbfs"))
			continue;
		snprintf(mount->path, sizeof(mount->path), "%s", mounts.entry.mnt_dir);
		if (read_mount(mount))
			system->mount_count++;
	}
	proc_mounts_close(&mounts);
}
