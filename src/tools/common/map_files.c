/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of mappings: see map_files.h.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tools/common/map_files.h"

void map_files_path(pid_t pid, uint64_t start, uint64_t end, const char *name,
		    char path[MAP_FILES_BYTES])
{
	struct stat status;

	snprintf(path, MAP_FILES_BYTES, "/proc/%d/map_files/%llx-%llx", (int)pid,
		 (unsigned long long)start, (unsigned long long)end);
	if (stat(path, &status) && (errno == EPERM || errno == EACCES))
		snprintf(path, MAP_FILES_BYTES, "/proc/%d/root%s", (int)pid, name);
}
