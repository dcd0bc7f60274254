/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds shared copies of text: see shared_text.h. They may be in any directory of a hugetlbfs
 * (HUGETLB_SHARE_PATH), so all of them are searched, through descriptors, because users may put
 * symbolic links there. The names of copies are defined in src/segments/share_name.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hugeadm.h"
#include "shared_text.h"

#define SECOND_NAME "tmp-"
#define DEPTH_MAX   8

struct search {
	struct shared_copy *copies;
	int count, result;
	size_t page_bytes, mount_bytes;
};

bool shared_copy_is_second_name(const struct shared_copy *copy)
{
	return !strncmp(copy->name, SECOND_NAME, strlen(SECOND_NAME));
}

/* Do this name and size belong to a copy? Fills in what the name contains. */
static bool read_name(const char *name, struct shared_copy *copy)
{
	unsigned long long bytes, text_bytes, offset, file_bytes, seconds, nanoseconds, inode;
	int end = 0;

	if (!strncmp(name, SECOND_NAME, strlen(SECOND_NAME)))
		name += strlen(SECOND_NAME);
	copy->names_file = sscanf(name, "build-id-%*[0-9a-f]-%llx-%llx.%llx-%llx-%llx-%llx-%llx%n",
				  &file_bytes, &seconds, &nanoseconds, &inode, &offset, &text_bytes,
				  &bytes, &end) == 7;
	if (copy->names_file) {
		copy->file_bytes = file_bytes;
		copy->changed_seconds = seconds;
		copy->changed_nanoseconds = nanoseconds;
		copy->file_inode = inode;
	} else if (sscanf(name, "sha256-%*64[0-9a-f]-%llx-%llx%n", &text_bytes, &bytes, &end) !=
		   2) {
		return false;
	}
	return end && !name[end] && bytes == copy->bytes;
}

static void add(struct search *search, const struct shared_copy *copy)
{
	struct shared_copy *grown =
		realloc(search->copies, sizeof(*grown) * (size_t)(search->count + 1));

	if (!grown)
		abort();
	grown[search->count++] = *copy;
	search->copies = grown;
}

static char *join(const char *directory, const char *name)
{
	const size_t bytes = strlen(directory) + strlen(name) + sizeof("/");
	char *path = malloc(bytes);

	if (!path)
		abort();
	snprintf(path, bytes, "%s/%s", directory, name);
	return path;
}

static void search_directory(struct search *search, int fd, const char *path, int depth);

static void look_at(struct search *search, int directory, const char *path, const char *name,
		    int depth)
{
	struct shared_copy copy = {
		.mount_bytes = search->mount_bytes,
		.page_bytes = search->page_bytes,
		.is_current = true,
	};
	struct stat status;
	int fd;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW))
		return;
	if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
		char *below = join(path, name);

		fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			search_directory(search, fd, below, depth + 1);
		else if (errno != ENOENT)
			search->result =
				complain(-errno, "can't look into %s: %s", below, strerror(errno));
		free(below);
	}
	copy.bytes = (uint64_t)status.st_size;
	if (!S_ISREG(status.st_mode) || !read_name(name, &copy))
		return;
	copy.path = join(path, name);
	copy.name = strrchr(copy.path, '/') + 1;
	copy.device = status.st_dev;
	copy.inode = status.st_ino;
	add(search, &copy);
}

/* Takes over the descriptor. */
static void search_directory(struct search *search, int fd, const char *path, int depth)
{
	DIR *directory = fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		search->result = complain(-errno, "can't look into %s: %s", path, strerror(errno));
		close(fd);
		return;
	}
	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			look_at(search, fd, path, entry->d_name, depth);
	closedir(directory);
}

int shared_copy_open_directory(const struct shared_copy *copy)
{
	char *path = strdup(copy->path), *part, *rest = NULL;
	int fd;

	if (!path)
		abort();
	path[copy->mount_bytes] = path[copy->name - copy->path] = '\0';
	fd = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	part = strtok_r(path + copy->mount_bytes + 1, "/", &rest);
	for (; part && fd >= 0; part = strtok_r(NULL, "/", &rest)) {
		const int above = fd;

		fd = openat(above, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(above);
	}
	free(path);
	return fd;
}

/* A hugetlbfs may be mounted at several places: it is searched once. */
static bool was_searched(const dev_t *devices, int count, dev_t device)
{
	for (int i = 0; i < count; i++)
		if (devices[i] == device)
			return true;
	return false;
}

int shared_copies_find(struct shared_copy **copies, int *count)
{
	struct search search = {0};
	struct listed_mount *mounts;
	const int mount_count = mount_table_read(&mounts);
	dev_t *devices = calloc((size_t)mount_count + 1, sizeof(*devices));
	int device_count = 0;

	if (!devices)
		abort();
	for (int i = 0; i < mount_count; i++) {
		const int fd = open(mounts[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct stat status;

		if (fd < 0 || fstat(fd, &status)) {
			search.result = complain(-errno, "can't look into %s: %s", mounts[i].path,
						 strerror(errno));
			if (fd >= 0)
				close(fd);
			continue;
		}
		/* skip a mount that is covered by another file system */
		if ((size_t)status.st_blksize != mounts[i].page_bytes ||
		    was_searched(devices, device_count, status.st_dev)) {
			close(fd);
			continue;
		}
		devices[device_count++] = status.st_dev;
		search.page_bytes = mounts[i].page_bytes;
		search.mount_bytes = strlen(mounts[i].path);
		search_directory(&search, fd, mounts[i].path, 0);
	}
	free(devices);
	*copies = search.copies;
	*count = search.count;
	return search.result;
}
