/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names in a directory: see directory.h.
 */
#include <fcntl.h>

#include "base/directory.h"
#include "base/sys.h"

int directory_open(struct directory *directory, int parent, const char *path)
{
	long fd = sys_open_at(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	directory->fd = (int)fd;
	directory->used = directory->at = 0;
	return SYS_IS_ERROR(fd) ? (int)fd : 0;
}

void directory_close(struct directory *directory)
{
	sys_close(directory->fd);
}

int directory_rewind(struct directory *directory)
{
	directory->used = directory->at = 0;
	return (int)sys_call(SYS_lseek, directory->fd, 0, SEEK_SET);
}

const char *directory_next(struct directory *directory)
{
	const struct dirent64 *entry;

	if (directory->at == directory->used) {
		directory->at = 0;
		directory->used = sys_getdents64(directory->fd, directory->entries,
						 sizeof(directory->entries));
	}
	if (directory->used <= 0)
		return NULL;
	entry = (const void *)(directory->entries + directory->at);
	directory->at += entry->d_reclen;
	return entry->d_name;
}
