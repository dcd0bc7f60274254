/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates the new file that replaces the old one. It is completed before the rename, so that at any
 * time the name refers to either the complete old or the complete new file.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "pages/sparse.h"
#include "tools/hugeedit/replace.h"

#define BLOCK_BYTES 65536

/* The one new file of this process, which a signal handler has to remove. */
static char new_path[PATH_MAX];

static void remove_and_die(int signal)
{
	unlink(new_path);
	_exit(128 + signal);
}

static void catch_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		if (!sigaction(signals[i], NULL, &before) && before.sa_handler == SIG_DFL)
			signal(signals[i], remove_and_die);
	}
}

static int write_range(int descriptor, const char *content, size_t start, size_t end)
{
	while (start < end) {
		const ssize_t done = pwrite(descriptor, content + start, end - start, (off_t)start);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		start += (size_t)done;
	}
	return 0;
}

/* Files that were linked with large alignments have large gaps, which stay holes. */
static int write_content(int descriptor, const struct image *image)
{
	const char *content = image->content;

	if (ftruncate(descriptor, (off_t)image->bytes))
		return -errno;
	for (size_t start = 0; start < image->bytes; start += BLOCK_BYTES) {
		const size_t left = image->bytes - start;
		const size_t bytes = left < BLOCK_BYTES ? left : BLOCK_BYTES;
		const int error = sparse_is_zero((uintptr_t)(content + start), bytes)
					  ? 0
					  : write_range(descriptor, content, start, start + bytes);

		if (error)
			return error;
	}
	return 0;
}

static int copy_attribute(int from, int to, const char *name)
{
	static char value[XATTR_SIZE_MAX];
	static char present[XATTR_SIZE_MAX];
	const ssize_t bytes = fgetxattr(from, name, value, sizeof(value));

	if (bytes < 0)
		return -errno;
	/* A label that the system gave to the new file by itself need not be set, and perhaps must
	 * not be. */
	if (fgetxattr(to, name, present, sizeof(present)) == bytes &&
	    !memcmp(value, present, (size_t)bytes))
		return 0;
	return fsetxattr(to, name, value, (size_t)bytes, 0) ? -errno : 0;
}

/* Capabilities and access lists are among them: without them it would be a different file. */
static int copy_attributes(int from, int to)
{
	static char names[XATTR_LIST_MAX];
	const ssize_t bytes = flistxattr(from, names, sizeof(names));

	if (bytes < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = names; name < names + bytes; name += strlen(name) + 1) {
		const int error = copy_attribute(from, to, name);

		if (error)
			return error;
	}
	return 0;
}

/* Owner before mode and attributes: changing the owner clears set-uid bits and capabilities. */
static int dress(int descriptor, const struct image *image)
{
	const struct stat *status = &image->status;
	int error;

	if (fchown(descriptor, status->st_uid, status->st_gid))
		return -errno;
	if (fchmod(descriptor, status->st_mode & 07777))
		return -errno;
	error = copy_attributes(image->descriptor, descriptor);
	if (error)
		return error;
	return fsync(descriptor) ? -errno : 0;
}

/* Does the name still refer to the file that was read? */
static bool is_unchanged(const struct image *image, const char *path)
{
	const struct stat *before = &image->status;
	struct stat now;

	return !stat(path, &now) && now.st_dev == before->st_dev && now.st_ino == before->st_ino &&
	       now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* A name may be a symbolic link, which is kept: the file that it points to is replaced. */
static int make_new_file(const struct image *image, char *path)
{
	char directory[PATH_MAX];
	int descriptor;

	if (!realpath(image->path, path))
		return -errno;
	memcpy(directory, path, PATH_MAX);
	if (snprintf(new_path, sizeof(new_path), "%s/.hugeedit.XXXXXX", dirname(directory)) >=
	    (int)sizeof(new_path))
		return -ENAMETOOLONG;
	descriptor = mkostemp(new_path, O_CLOEXEC);
	return descriptor < 0 ? -errno : descriptor;
}

int replace_file(const struct image *image)
{
	char path[PATH_MAX];
	int descriptor, error;

	if (image->status.st_nlink > 1)
		return image_refuse(image,
				    "has %ju names, and would be replaced under one of them "
				    "only: make a copy and change that",
				    (uintmax_t)image->status.st_nlink);
	descriptor = make_new_file(image, path);
	if (descriptor < 0)
		return image_refuse(image, "no new file beside it: %s", strerror(-descriptor));
	catch_signals();
	error = write_content(descriptor, image);
	if (!error)
		error = dress(descriptor, image);
	if (close(descriptor) && !error)
		error = -errno;
	if (!error && !is_unchanged(image, path))
		error = -ESTALE;
	if (!error && rename(new_path, path))
		error = -errno;
	if (!error)
		return 0;
	unlink(new_path);
	return image_refuse(image, "left as it was: %s",
			    error == -ESTALE ? "it was changed meanwhile" : strerror(-error));
}
