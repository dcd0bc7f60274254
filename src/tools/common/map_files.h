/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that memory of a process is mapped from.
 */
#ifndef MAP_FILES_H
#define MAP_FILES_H

#include <sys/types.h>

#include "proc/smaps.h"

#define MAP_FILES_BYTES (SMAPS_NAME_BYTES + 64)

/* A path to it, also if the file was deleted; for callers who may not use that, its name where the
 * process sees it. */
void map_files_path(pid_t pid, uint64_t start, uint64_t end, const char *name,
		    char path[MAP_FILES_BYTES]);

#endif
