/*
 * The hugetlbfs mounts that this process sees.
 */
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#include "hugeadm.h"

int mount_table_read(struct listed_mount **mounts)
{
	FILE *table = setmntent("/proc/self/mounts", "re");
	static char line[65536];
	struct statfs filesystem;
	struct mntent entry;
	int count = 0;

	*mounts = NULL;
	while (table && getmntent_r(table, &entry, line, sizeof(line))) {
		struct listed_mount *grown;

		if (strcmp(entry.mnt_type, "hugetlbfs"))
			continue;
		grown = realloc(*mounts, sizeof(**mounts) * (size_t)(count + 1));
		if (!grown)
			abort();
		*mounts = grown;
		grown[count].path = strdup(entry.mnt_dir);
		grown[count].options = strdup(entry.mnt_opts);
		grown[count].page_bytes =
			statfs(entry.mnt_dir, &filesystem) ? 0 : (size_t)filesystem.f_bsize;
		if (!grown[count].path || !grown[count].options)
			abort();
		count++;
	}
	if (table)
		endmntent(table);
	return count;
}
