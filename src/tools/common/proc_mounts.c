/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of mounts: see proc_mounts.h.
 */
#include <string.h>

#include "options/options.h"
#include "tools/common/proc_mounts.h"
#include "tools/common/size_text.h"

bool proc_mounts_open(struct proc_mounts *mounts)
{
	mounts->table = setmntent(PROC_MOUNTS, "re");
	return mounts->table;
}

bool proc_mounts_next(struct proc_mounts *mounts)
{
	return mounts->table &&
	       getmntent_r(mounts->table, &mounts->entry, mounts->line, sizeof(mounts->line));
}

void proc_mounts_close(struct proc_mounts *mounts)
{
	if (mounts->table)
		endmntent(mounts->table);
}

size_t proc_mounts_page_bytes(const char *options)
{
	static const char name[] = "pagesize=";
	const char *found = strstr(options, name);
	char text[SIZE_TEXT_BYTES];
	size_t bytes;

	if (!found)
		return 0;
	found += sizeof(name) - 1;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(found, ",\n "), found);
	return options_parse_size(text, &bytes) ? 0 : bytes;
}
