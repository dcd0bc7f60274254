/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file systems of huge pages: the kernel's own mounts and those of all mount namespaces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/proc_mounts.h"
#include "tools/hugestat/users_scan.h"

static int pool_of(const struct scan *scan, size_t page_bytes)
{
	for (int pool = 0; pool < scan->users->pool_count; pool++)
		if (scan->users->pools[pool].page_bytes == page_bytes)
			return pool;
	return -1;
}

const struct scan_device *scan_find_device(const struct scan *scan, dev_t device)
{
	for (size_t i = 0; i < scan->device_count; i++)
		if (scan->devices[i].device == device)
			return &scan->devices[i];
	return NULL;
}

static void add_device(struct scan *scan, dev_t device, int pool, const char *root)
{
	if (pool < 0 || scan_find_device(scan, device))
		return;
	scan->devices = scan_grow(scan->devices, scan->device_count, &scan->device_room,
				  sizeof(*scan->devices));
	scan->devices[scan->device_count++] =
		(struct scan_device){device, pool, root ? scan_copy(root) : NULL};
}

/* A memfd takes no page before it is written to, and is a file of the kernel's internal mount. */
void scan_own_devices(struct scan *scan)
{
	for (int pool = 0; pool < scan->users->pool_count; pool++) {
		const size_t bytes = scan->users->pools[pool].page_bytes;
		const unsigned int size = (unsigned int)__builtin_ctzl(bytes) << MAP_HUGE_SHIFT;
		const int fd = memfd_create("hugestat", MFD_CLOEXEC | MFD_HUGETLB | size);
		struct stat status;

		if (fd < 0)
			continue;
		if (!fstat(fd, &status))
			add_device(scan, status.st_dev, pool, NULL);
		close(fd);
	}
}

static bool is_new_namespace(struct scan *scan, pid_t pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	if (stat(path, &status))
		return false;
	for (size_t i = 0; i < scan->namespace_count; i++)
		if (scan->namespaces[i] == status.st_ino)
			return false;
	scan->namespaces = scan_grow(scan->namespaces, scan->namespace_count, &scan->namespace_room,
				     sizeof(*scan->namespaces));
	scan->namespaces[scan->namespace_count++] = status.st_ino;
	return true;
}

/* mountinfo escapes blanks in paths as \040. */
static void decode(char *path)
{
	char *to = path;

	for (; *path; path++) {
		unsigned int code;

		if (*path == '\\' && sscanf(path + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
}

/* "36 35 0:29 / /dev/hugepages rw,relatime shared:17 - hugetlbfs none rw,pagesize=2M" */
static void take_line(struct scan *scan, pid_t pid, char *line)
{
	char *type = strstr(line, " - hugetlbfs "), mountpoint[1024], root[1100];
	unsigned int device_major, device_minor;
	size_t bytes;
	struct stat status;

	if (!type ||
	    sscanf(line, "%*d %*d %u:%u %*s %1023s", &device_major, &device_minor, mountpoint) != 3)
		return;
	bytes = proc_mounts_page_bytes(type);
	if (!bytes)
		return;
	decode(mountpoint);
	if (pid == getpid())
		snprintf(root, sizeof(root), "%s", mountpoint);
	else
		snprintf(root, sizeof(root), "/proc/%d/root%s", (int)pid, mountpoint);
	/* another file system may be mounted over it */
	if (stat(root, &status) || status.st_dev != makedev(device_major, device_minor))
		add_device(scan, makedev(device_major, device_minor), pool_of(scan, bytes), NULL);
	else
		add_device(scan, status.st_dev, pool_of(scan, bytes), root);
}

void scan_mounts_of(struct scan *scan, pid_t pid)
{
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *file;

	if (!is_new_namespace(scan, pid))
		return;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0)
		take_line(scan, pid, line);
	free(line);
	if (file)
		fclose(file);
}
