/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that killed processes left: see left_names.h.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/directory.h"
#include "base/sys.h"
#include "pages/left_names.h"

/* On a mount with more names than these the program does not wait for the rest. */
#define NAMES_MAX 2048

static bool is_left(int directory, const char *name, unsigned int user)
{
	struct statx status;

	return !strncmp(name, LEFT_NAMES_PREFIX, sizeof(LEFT_NAMES_PREFIX) - 1) &&
	       !sys_call(SYS_statx, directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS,
			 &status) &&
	       (status.stx_mode & S_IFMT) == S_IFREG && status.stx_uid == user && !status.stx_size;
}

__attribute__((noinline)) void left_names_remove(const char *mount)
{
	const unsigned int user = (unsigned int)sys_geteuid();
	struct directory directory;
	const char *name;

	if (directory_open(&directory, AT_FDCWD, mount))
		return;
	for (int i = 0; i < NAMES_MAX && (name = directory_next(&directory)); i++)
		if (is_left(directory.fd, name, user))
			sys_unlink_at(directory.fd, name);
	directory_close(&directory);
}
