/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that killed processes left: see left_names.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "pages/left_names.h"

#define READS_MAX 64

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
	char entries[1024] __attribute__((aligned(__alignof__(struct dirent64))));
	long fd = sys_open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), got;
	const unsigned int user = (unsigned int)sys_geteuid();

	if (SYS_IS_ERROR(fd))
		return;
	for (int i = 0; i < READS_MAX; i++) {
		got = sys_getdents64((int)fd, entries, sizeof(entries));
		if (got <= 0)
			break;
		for (long at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(entries + at);

			if (is_left((int)fd, entry->d_name, user))
				sys_unlink_at((int)fd, entry->d_name);
			at += entry->d_reclen;
		}
	}
	sys_close((int)fd);
}
