/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds shared copies: see shared_copies.h. Those of text may be in any directory of a hugetlbfs
 * (HUGETLB_SHARE_PATH), so all of them are searched, through descriptors, because users may put
 * symbolic links there. The names of copies are defined in src/segments/share_name.c and
 * src/copies/copy_name.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copies/copy_name.h"
#include "copies/copy_note.h"
#include "shared_copies.h"

#define SECOND_NAME "tmp-"
#define DEPTH_MAX   8

struct search {
	enum shared_kind kind;
	struct shared_copy *copies;
	int count, result;
	size_t page_bytes, mount_bytes;
};

bool shared_copy_is_second_name(const struct shared_copy *copy)
{
	return !strncmp(copy->name, SECOND_NAME, strlen(SECOND_NAME));
}

/* Do this name and size belong to a copy of text? Fills in what the name contains. */
static bool read_text_name(const char *name, struct shared_copy *copy)
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

/* Is it a copy of a file? Its directory says so. Fills in the file's path, from the note beside it.
 */
static bool read_file_name(const char *name, struct shared_copy *copy, int directory,
			   const char *path)
{
	char note[COPY_NOTE_BYTES], object[COPY_NOTE_BYTES];

	if (strncmp(strrchr(path, '/') + 1, COPY_DIRECTORY, strlen(COPY_DIRECTORY)) ||
	    strncmp(name, COPY_PREFIX, strlen(COPY_PREFIX)))
		return false;
	if (copy_note_find(directory, name, note)) {
		copy_note_path(note, name, object);
		copy->note = strdup(note);
		copy->object = strdup(object);
		if (!copy->note || !copy->object)
			abort();
	}
	return true;
}

static void search_directory(struct search *search, int fd, const char *path, int depth);

static void look_at(struct search *search, int directory, const char *path, const char *name,
		    int depth)
{
	struct shared_copy copy = {
		.kind = search->kind,
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
	if (!S_ISREG(status.st_mode) ||
	    !(search->kind == SHARED_TEXT ? read_text_name(name, &copy)
					  : read_file_name(name, &copy, directory, path)))
		return;
	copy.path = join(path, name);
	copy.name = strrchr(copy.path, '/') + 1;
	copy.device = status.st_dev;
	copy.inode = status.st_ino;
	copy.mode = status.st_mode;
	copy.made = status.st_mtime;
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

int shared_copies_find(enum shared_kind kind, struct shared_copy **copies, int *count)
{
	struct search search = {.kind = kind};
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

int shared_copies_find_used(enum shared_kind kind, struct shared_copy **copies, int *count,
			    int *unknown)
{
	int result = shared_copies_find(kind, copies, count);

	*unknown = *count ? shared_users_find(*copies, *count) : 0;
	if (*unknown)
		result =
			complain(-EACCES, "%d processes cannot be inspected: they may use %s",
				 *unknown, kind == SHARED_TEXT ? "shared text" : "copies of files");
	return result;
}

/* Returns 0 or -errno. A different file of that name stays. */
static int drop_from(int directory, const struct shared_copy *copy)
{
	struct stat status;

	if (fstatat(directory, copy->name, &status, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (status.st_ino != copy->inode || status.st_dev != copy->device)
		return 0; /* another process has deleted it, and yet another has created it again */
	if (unlinkat(directory, copy->name, 0))
		return -errno;
	if (copy->note)
		unlinkat(directory, copy->note, 0);
	return 0;
}

static int print_command(const struct request *request, const struct shared_copy *copy)
{
	char *const directory = strndup(copy->path, (size_t)(copy->name - copy->path) - 1);
	char *note = NULL;
	int result;

	if (!directory)
		abort();
	if (copy->note)
		note = join(directory, copy->note);
	result = change_run(request, (const char *const[]){"rm", copy->path, note, NULL});
	free(note);
	free(directory);
	return result;
}

int shared_copy_drop(const struct request *request, const struct shared_copy *copy)
{
	int directory, result;

	if (request->dry_run)
		return print_command(request, copy);
	tell(request, "deleting %s", copy->path);
	directory = shared_copy_open_directory(copy);
	result = directory < 0 ? -errno : drop_from(directory, copy);
	if (directory >= 0)
		close(directory);
	if (!result || result == -ENOENT)
		return 0;
	return complain(result, "can't delete %s: %s", copy->path, strerror(-result));
}
