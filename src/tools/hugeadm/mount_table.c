/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hugetlbfs mounts that this process sees.
 */
#include <errno.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#include "hugeadm.h"
#include "options/options.h"
#include "tools/common/size_text.h"

#define PATH_MOUNTS "/proc/self/mounts"

/* If another file system is mounted over it, only the options show the size; they always contain
 * it. */
static size_t page_bytes_of(const struct mntent *entry)
{
	static const char name[] = "pagesize";
	const char *option = hasmntopt(entry, name);
	struct statfs filesystem;
	char text[SIZE_TEXT_BYTES];
	size_t bytes;

	if (!statfs(entry->mnt_dir, &filesystem) &&
	    (unsigned int)filesystem.f_type == HUGETLBFS_MAGIC)
		return (size_t)filesystem.f_bsize;
	if (!option || option[sizeof(name) - 1] != '=')
		return 0;
	option += sizeof(name);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(option, ","), option);
	return options_parse_size(text, &bytes) ? 0 : bytes;
}

int mount_table_read(struct listed_mount **mounts)
{
	FILE *table = setmntent(PATH_MOUNTS, "re");
	static char line[65536];
	struct mntent entry;
	int count = 0;

	*mounts = NULL;
	if (!table)
		return complain(-errno, "the mounts are unknown: can't read %s: %s", PATH_MOUNTS,
				strerror(errno));
	while (getmntent_r(table, &entry, line, sizeof(line))) {
		struct listed_mount *grown;

		if (strcmp(entry.mnt_type, "hugetlbfs"))
			continue;
		grown = realloc(*mounts, sizeof(**mounts) * (size_t)(count + 1));
		if (!grown)
			abort();
		*mounts = grown;
		grown[count].path = strdup(entry.mnt_dir);
		grown[count].options = strdup(entry.mnt_opts);
		grown[count].page_bytes = page_bytes_of(&entry);
		if (!grown[count].path || !grown[count].options)
			abort();
		count++;
	}
	endmntent(table);
	return count;
}
