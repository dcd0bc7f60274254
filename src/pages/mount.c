/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a hugetlbfs for a page size is mounted.
 *
 * /proc/mounts is read byte by byte into the caller's path: its lines have no maximum length (an
 * overlay's options), and names in it are escaped. The page size is queried from the mount itself,
 * not parsed from its options: those may be absent, and another file system may be mounted over it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/stream.h"
#include "base/sys.h"
#include "pages/mount.h"

bool mount_has_pages(const struct statfs64 *filesystem, size_t page_bytes)
{
	/* f_type is 32 bits wide on some CPUs, and signed */
	return (uint32_t)filesystem->f_type == HUGETLBFS_MAGIC &&
	       (size_t)filesystem->f_bsize == page_bytes;
}

/* Is it on a hugetlbfs for pages of that size? 0 or -errno. */
static int check_pages(size_t page_bytes, const char *path)
{
	struct statfs64 filesystem;
	long result = sys_statfs(path, &filesystem);

	if (result)
		return (int)result;
	return mount_has_pages(&filesystem, page_bytes) ? 0 : -EINVAL;
}

static int check_rights(const char *path)
{
	return sys_access(path, W_OK | X_OK) ? -EACCES : 0;
}

static int mount_check(size_t page_bytes, const char *path)
{
	int failed = check_pages(page_bytes, path);

	return failed ? failed : check_rights(path);
}

/* Reads the three octal digits after a backslash. */
static int read_escape(struct stream *mounts)
{
	int value = 0;

	for (int digits = 0; digits < 3; digits++) {
		int byte = stream_byte(mounts);

		if (byte < '0' || byte > '7')
			return -1;
		value = value << 3 | (byte - '0');
	}
	return value & 0xff;
}

/*
 * Reads the next field of a line, or skips it if field is NULL. A field that does not fit is
 * returned empty. Returns the byte that ended it: a space, a newline, or -1 for the end of the
 * file.
 */
static int read_field(struct stream *mounts, char *field, size_t bytes)
{
	size_t length = 0;
	int end;

	for (;;) {
		int byte = end = stream_byte(mounts);

		if (end == ' ' || end == '\n' || end < 0)
			break;
		if (byte == '\\' && (byte = read_escape(mounts)) < 0)
			length = bytes;
		if (field && length < bytes)
			field[length] = (char)byte;
		length++;
	}
	if (field)
		field[length < bytes ? length : 0] = '\0';
	return end;
}

static bool visit_table(struct stream *mounts, size_t page_bytes,
			bool (*visit)(const char *path, void *context), void *context, char *path,
			size_t path_bytes)
{
	int end;

	do {
		char type[sizeof("hugetlbfs")] = "";

		path[0] = '\0';
		end = read_field(mounts, NULL, 0);
		if (end == ' ')
			end = read_field(mounts, path, path_bytes);
		if (end == ' ')
			end = read_field(mounts, type, sizeof(type));
		while (end == ' ')
			end = read_field(mounts, NULL, 0);
		if (!strcmp(type, "hugetlbfs") && path[0] && !check_pages(page_bytes, path) &&
		    visit(path, context))
			return true;
	} while (end >= 0);
	return false;
}

bool mount_visit(size_t page_bytes, const char *const *directories,
		 bool (*visit)(const char *path, void *context), void *context, char *path,
		 size_t path_bytes)
{
	struct stream mounts;
	bool found;

	if (directories && *directories) {
		for (; *directories; directories++)
			if (strlen(*directories) < path_bytes &&
			    !check_pages(page_bytes, *directories)) {
				memcpy(path, *directories, strlen(*directories) + 1);
				if (visit(path, context))
					return true;
			}
		return false;
	}
	if (stream_open(&mounts, "/proc/mounts"))
		return false;
	found = visit_table(&mounts, page_bytes, visit, context, path, path_bytes);
	stream_close(&mounts);
	return found;
}

static bool may_write(const char *path, void *result)
{
	*(int *)result = check_rights(path);
	return !*(int *)result;
}

int mount_find(size_t page_bytes, const char *wanted, char *path, size_t path_bytes)
{
	int result = -ENOENT;

	if (!path_bytes)
		return -EINVAL;
	path[0] = '\0';
	if (wanted) {
		if (strlen(wanted) >= path_bytes)
			return -ENAMETOOLONG;
		result = mount_check(page_bytes, wanted);
		if (!result)
			memcpy(path, wanted, strlen(wanted) + 1);
		return result;
	}
	mount_visit(page_bytes, NULL, may_write, &result, path, path_bytes);
	if (result)
		path[0] = '\0';
	return result;
}

const char *mount_listed(size_t page_bytes, const char *const *directories)
{
	while (*directories && mount_check(page_bytes, *directories))
		directories++;
	return *directories;
}
