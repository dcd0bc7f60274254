/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hugetlbfs mounts that this process sees.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#include "hugeadm.h"
#include "tools/common/proc_mounts.h"

/* If another file system is mounted over it, only the options show the size; they always contain
 * it. */
static size_t page_bytes_of(const struct mntent *entry)
{
	struct statfs filesystem;

	if (!statfs(entry->mnt_dir, &filesystem) &&
	    (unsigned int)filesystem.f_type == HUGETLBFS_MAGIC)
		return (size_t)filesystem.f_bsize;
	return proc_mounts_page_bytes(entry->mnt_opts);
}

int mount_table_read(struct listed_mount **list)
{
	struct proc_mounts mounts;
	int count = 0;

	*list = NULL;
	if (!proc_mounts_open(&mounts))
		return complain(-errno, "the mounts are unknown: can't read %s: %s", PROC_MOUNTS,
				strerror(errno));
	while (proc_mounts_next(&mounts)) {
		struct listed_mount *grown;

		if (strcmp(mounts.entry.mnt_type, "hugetlbfs"))
			continue;
		grown = realloc(*list, sizeof(**list) * (size_t)(count + 1));
		if (!grown)
			abort();
		*list = grown;
		grown[count].path = strdup(mounts.entry.mnt_dir);
		grown[count].options = strdup(mounts.entry.mnt_opts);
		grown[count].page_bytes = page_bytes_of(&mounts.entry);
		if (!grown[count].path || !grown[count].options)
			abort();
		count++;
	}
	proc_mounts_close(&mounts);
	return count;
}
