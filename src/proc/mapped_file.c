/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that memory is mapped from: see mapped_file.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/auxv.h>

#include "base/sys.h"
#include "proc/mapped_file.h"
#include "proc/maps.h"
#include "proc/pagemap.h"

/* The mapping at an address; addresses rise from call to call. False: there is none. */
static bool mapping_at(struct maps *maps, uint64_t address, struct smaps_mapping *mapping)
{
	return maps_above(maps, address, mapping) && mapping->start <= address;
}

/* Is it a private mapping of a file, not writable now? */
static bool is_text_of_file(const struct smaps_mapping *mapping)
{
	return mapping->inode && mapping->rights[1] != 'w' && mapping->rights[3] == 'p';
}

static int walk(struct maps *maps, uint64_t address, size_t bytes, struct smaps_mapping *origin)
{
	struct smaps_mapping mapping;

	if (!mapping_at(maps, address, origin) || !is_text_of_file(origin))
		return -ESTALE;
	for (uint64_t at = origin->end; at < address + bytes; at = mapping.end)
		if (!mapping_at(maps, at, &mapping) || !is_text_of_file(&mapping) ||
		    !SMAPS_SAME_FILE(origin, &mapping) ||
		    mapping.offset - mapping.start != origin->offset - origin->start)
			return -ESTALE;
	return 0;
}

/*
 * Finds where the memory comes from: its first mapping. -ESTALE: it is not mapped, private and
 * read-only, from one stretch of one file. Other errors: /proc cannot be read.
 */
static int find_origin(uintptr_t address, size_t bytes, struct smaps_mapping *origin)
{
	struct maps maps;
	int failed = maps_open(&maps, true);

	if (failed)
		return failed;
	failed = walk(&maps, address, bytes, origin);
	maps_close(&maps);
	return failed;
}

/* -ESTALE: a page was written to, so this process has a copy of its own. */
static int check_pages(uintptr_t address, size_t bytes)
{
	struct pagemap pagemap;
	int own;

	pagemap_open(&pagemap);
	own = pagemap_has_own(&pagemap, address, address + bytes);
	pagemap_close(&pagemap);
	return own > 0 ? -ESTALE : own;
}

/*
 * Is the open file the one that is mapped? On btrfs and overlayfs stat and maps name different
 * devices; then the file is mapped, to compare its line in maps.
 */
static bool is_origin(const struct mapped_file *file, const struct statx *status,
		      const struct smaps_mapping *origin)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	struct smaps_mapping mapping;
	bool same;
	long probe;

	if (status->stx_ino == origin->inode && status->stx_dev_major == origin->device_major &&
	    status->stx_dev_minor == origin->device_minor)
		return true;
	probe = sys_mmap(0, base_bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
	if (SYS_IS_ERROR(probe))
		return false;
	same = maps_find((uint64_t)probe, &mapping) && SMAPS_SAME_FILE(origin, &mapping);
	sys_munmap((uintptr_t)probe, base_bytes);
	return same;
}

static int read_status(struct mapped_file *file, struct statx *status)
{
	long failed = sys_statx_fd(file->fd, status);

	if (failed)
		return (int)failed;
	file->mode = status->stx_mode;
	file->bytes = status->stx_size;
	file->changed_seconds = status->stx_ctime.tv_sec;
	file->changed_nanoseconds = status->stx_ctime.tv_nsec;
	file->inode = status->stx_ino;
	return 0;
}

int mapped_file_find(uintptr_t address, size_t bytes, struct mapped_file *file)
{
	struct smaps_mapping origin;
	struct statx status;
	int failed = find_origin(address, bytes, &origin);
	long fd;

	if (failed)
		return failed;
	/* O_NONBLOCK: the name may lead to a pipe by now */
	fd = sys_open(origin.name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (SYS_IS_ERROR(fd))
		return (int)fd;
	file->fd = (int)fd;
	file->offset = origin.offset + (address - origin.start);
	failed = read_status(file, &status);
	if (!failed && !is_origin(file, &status, &origin))
		failed = -ESTALE;
	if (failed)
		sys_close(file->fd);
	return failed;
}

int mapped_file_open(uintptr_t address, size_t bytes, struct mapped_file *file)
{
	int failed = mapped_file_find(address, bytes, file);

	if (failed)
		return failed;
	failed = check_pages(address, bytes);
	if (failed)
		sys_close(file->fd);
	return failed;
}

int mapped_file_check(const struct mapped_file *file)
{
	struct mapped_file now = {.fd = file->fd};
	struct statx status;
	int failed = read_status(&now, &status);

	if (failed)
		return failed;
	return now.bytes == file->bytes && now.changed_seconds == file->changed_seconds &&
			       now.changed_nanoseconds == file->changed_nanoseconds
		       ? 0
		       : -ESTALE;
}

long mapped_file_read(const struct mapped_file *file, size_t from, void *to, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		long got = sys_pread(file->fd, (char *)to + done, bytes - done,
				     (size_t)file->offset + from + done);

		if (got == -EINTR)
			continue;
		if (SYS_IS_ERROR(got))
			return got;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (long)done;
}
