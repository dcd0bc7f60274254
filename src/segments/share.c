/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shares text: see share.h.
 *
 * A copy that is being made has no name (O_TMPFILE), so it disappears with its writer, however that
 * ends; its name appears when it is complete (linkat). The second of two writers finds the name in
 * use, and uses the first one's copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "pages/copy_directory.h"
#include "pages/sparse.h"
#include "segments/share.h"

#define PATH_BYTES 4096

/* A signal interrupts the allocation of pages; the next call continues it. */
#define INTERRUPTIONS_MAX 1000

/* The directory of copies. */
struct share_directory {
	int fd;
	unsigned int user; /* the user whose copies may be used, besides root's */
	char path[PATH_BYTES + 64];
};

/*
 * Only the first reason in a process is a warning; other texts usually have the same one. what is
 * an object or a directory, copy the name of a copy in it, or NULL.
 */
static void tell(const char *what, const char *copy, const char *reason)
{
	static const char format[] = "HUGETLB_SHARE: %s%s%s %s: text is not shared";
	static uint32_t told;

	if (__atomic_exchange_n(&told, 1, __ATOMIC_RELAXED))
		log_info(format, what, copy ? "/" : "", copy ? copy : "", reason);
	else
		log_warning(format, what, copy ? "/" : "", copy ? copy : "", reason);
}

void share_decline(const char *object, const char *reason)
{
	tell(object, NULL, reason);
}

static void tell_unreadable(const struct share_text *text, int error)
{
	char reason[80];

	text_format(reason, sizeof(reason), "cannot be read, or differs from memory (%s)",
		    error_name(error));
	tell(text->name, NULL, reason);
}

/* -errno, after logging the reason, if the directory cannot be used for copies. */
static int check_directory(const struct share_directory *directory, size_t page_bytes)
{
	const char *reason = NULL;
	long flags;
	int failed =
		copy_directory_check(directory->fd, page_bytes, directory->user, &flags, &reason);

	if (failed == -EINVAL)
		reason = "is not on a hugetlbfs of the text's page size";
	if (!failed && flags & ST_NOEXEC) {
		reason = "is on a mount with noexec";
		failed = -EACCES;
	}
	if (reason)
		tell(directory->path, NULL, reason);
	return failed;
}

/*
 * This user's directory on the mount, named as the original names it, whose users have scripts that
 * empty it.
 */
static long open_on_mount(struct share_directory *directory, const char *mount_path)
{
	char name[48];

	text_format(name, sizeof(name), "elflink-uid-%u", directory->user);
	return copy_directory_open(mount_path, name, 0700, directory->path,
				   sizeof(directory->path));
}

/* If opening fails, logs the kernel's reason. */
static int open_place(struct share_directory *directory, const struct share_text *text,
		      const struct options *options)
{
	char reason[48];
	int failed;
	long fd;

	if (options->share_path) {
		text_format(directory->path, sizeof(directory->path), "%s", options->share_path);
		fd = sys_open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	} else if (text->mount) {
		fd = open_on_mount(directory, text->mount);
	} else {
		tell(options->path ? options->path : "hugetlbfs", NULL,
		     "is not mounted for the text's page size with write access for this user");
		return -ENOENT;
	}
	if (SYS_IS_ERROR(fd)) {
		text_format(reason, sizeof(reason), "cannot be opened (%s)", error_name(fd));
		tell(directory->path, NULL, reason);
		return (int)fd;
	}
	directory->fd = (int)fd;
	failed = check_directory(directory, text->page_bytes);
	if (failed)
		sys_close(directory->fd);
	return failed;
}

/*
 * Opens the copy of that name. Returns a descriptor; -ENOENT: there is none; -EACCES: it must not
 * be used, and the reason was logged.
 */
static int open_copy(const struct share_directory *directory, const char *name,
		     const struct share_text *text)
{
	struct copy_search search = {
		.directory = directory->fd,
		.user = directory->user,
		.bytes_min = text->bytes,
		.bytes_max = text->bytes,
	};
	int fd = copy_directory_find(&search, name);

	if (fd == -EACCES && search.reason)
		tell(directory->path, name, search.reason);
	return fd;
}

/* How often to try again if other processes remove the name that was made. */
#define NAMELESS_TRIES 5

static bool is_same_copy(int fd, int other)
{
	struct statx status, other_status;

	return !sys_statx_fd(fd, &status) && !sys_statx_fd(other, &other_status) &&
	       sys_same_file(&status, &other_status);
}

/*
 * Opens the copy again, by a second name that is removed at once, so that the mapping shows as
 * deleted: a program that finds its text's file in /proc/self/maps and maps it itself (as V8 does)
 * would fail on a file of huge pages, but can do without a file that does not exist. A process that
 * may not create names there uses the copy directly. The second name is the same for all processes:
 * if one is killed in between, the next one uses and removes the name.
 */
static int without_name(const struct share_directory *directory, const char *name, int fd)
{
	char link[32], second[SHARE_NAME_BYTES + sizeof("tmp-")];

	text_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	text_format(second, sizeof(second), "tmp-%s", name);
	for (int i = 0; i < NAMELESS_TRIES; i++) {
		long failed = sys_link_at(link, directory->fd, second), nameless;

		if (failed && failed != -EEXIST)
			break;
		nameless = sys_open_at(directory->fd, second,
				       O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
		if (sys_unlink_at(directory->fd, second))
			sys_unlink_at(directory->fd, second);
		if (SYS_IS_ERROR(nameless))
			continue;
		if (is_same_copy(fd, (int)nameless)) {
			sys_close(fd);
			return (int)nameless;
		}
		/* a copy with the same name that has been removed since */
		sys_close((int)nameless);
	}
	return fd;
}

/* Allocates all pages from the pool before the first is touched: if the pool is short, this returns
 * an error. */
static int allocate(int fd, size_t bytes)
{
	long failed = -EINTR;

	for (int i = 0; i < INTERRUPTIONS_MAX && failed == -EINTR; i++)
		failed = sys_fallocate(fd, 0, bytes);
	return (int)failed;
}

/* Fills the new file. Its pages are allocated; what lies after the end of the text's file stays
 * zero. */
static int fill(int fd, const struct share_text *text, const struct mapped_file *file)
{
	long at = sys_mmap(0, text->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), got;

	if (SYS_IS_ERROR(at))
		return (int)at;
	got = mapped_file_read(file, 0, (void *)at, text->file_bytes);
	sys_munmap((uintptr_t)at, text->bytes);
	return SYS_IS_ERROR(got) ? (int)got : mapped_file_check(file);
}

/* Makes a copy and publishes it. 0: a copy with that name exists now, made by this process or
 * another. */
static int make_copy(const struct share_directory *directory, const char *name,
		     const struct share_text *text, const struct mapped_file *file)
{
	/* A user who may not read the text in its file may not read it in the copy either. */
	int mode = (int)(file->mode & (S_IRUSR | S_IRGRP | S_IROTH)) | S_IRUSR, failed;
	char link[32];
	long fd = sys_open_at(directory->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	failed = allocate((int)fd, text->bytes);
	if (failed)
		goto close;
	failed = fill((int)fd, text, file);
	if (failed)
		goto close;
	text_format(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
	failed = (int)sys_link_at(link, directory->fd, name);
close:
	sys_close((int)fd);
	return failed == -EEXIST ? 0 : failed;
}

/* In pieces that stay in the CPU's cache: 64K at a time is faster than mapping the file. */
#define COMPARED_BYTES (64ul << 10)

static int compare_pieces(const struct mapped_file *file, const struct share_text *text,
			  const char *copy, char *buffer)
{
	size_t done = 0;

	while (done < text->file_bytes) {
		size_t wanted = text->file_bytes - done;
		long got = mapped_file_read(file, done, buffer,
					    wanted < COMPARED_BYTES ? wanted : COMPARED_BYTES);

		if (SYS_IS_ERROR(got))
			return (int)got;
		if (!got)
			break;
		if (memcmp(copy + done, buffer, (size_t)got) != 0)
			return -EBADMSG;
		done += (size_t)got;
	}
	return sparse_is_zero((uintptr_t)(copy + done), text->bytes - done)
		       ? mapped_file_check(file)
		       : -EBADMSG;
}

/* Does the copy hold the text as its file does, and zeroes after it? -EBADMSG: it does not. */
static int compare(const struct mapped_file *file, const struct share_text *text, int copy)
{
	long buffer = sys_mmap(0, COMPARED_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int failed = (int)buffer;
	long at;

	if (SYS_IS_ERROR(buffer))
		return failed;
	at = sys_mmap(0, text->bytes, PROT_READ, MAP_SHARED, copy, 0);
	failed = (int)at;
	if (!SYS_IS_ERROR(at)) {
		failed = compare_pieces(file, text, (const char *)at, (char *)buffer);
		sys_munmap((uintptr_t)at, text->bytes);
	}
	sys_munmap((uintptr_t)buffer, COMPARED_BYTES);
	return failed;
}

/*
 * Closes the copy where it does not hold the text: whoever may write names there could have made
 * it, a confined process of this user or root in a container, too.
 */
static int verify(const struct share_directory *directory, const char *name,
		  const struct share_text *text, const struct mapped_file *file, int fd)
{
	char reason[80];
	int failed = compare(file, text, fd);

	if (!failed)
		return fd;
	sys_close(fd);
	if (failed == -EBADMSG)
		text_format(reason, sizeof(reason), "does not hold the text of its file");
	else
		text_format(reason, sizeof(reason), "cannot be compared with its file (%s)",
			    error_name(failed));
	tell(directory->path, name, reason);
	return -EACCES;
}

/* The descriptor that was opened for writing is not returned, because a mapping made with it could
 * be writable. */
static int find_or_make(const struct share_directory *directory, const char *name,
			const struct share_text *text, const struct mapped_file *file)
{
	int made, fd = open_copy(directory, name, text);
	char reason[80];

	if (fd != -ENOENT)
		return fd < 0 ? fd : verify(directory, name, text, file, fd);
	made = make_copy(directory, name, text, file);
	/* If the pool was too short for two at the same time, the other one may be ready. */
	fd = open_copy(directory, name, text);
	if (fd >= 0)
		return verify(directory, name, text, file, fd);
	if (!made)
		return fd;
	text_format(reason, sizeof(reason), "cannot take %zu huge pages of %zu kB (%s)",
		    text->bytes / text->page_bytes, text->page_bytes >> 10, error_name(made));
	tell(directory->path, NULL, reason);
	return made;
}

/* Opens the copy that is named after what the file holds. */
static int open_copy_of(const struct share_directory *directory, const struct share_text *text,
			const struct mapped_file *file)
{
	char name[SHARE_NAME_BYTES];
	int failed, fd;

	if (!text->fixed && (text->address - file->offset) % text->page_bytes) {
		tell(text->name, NULL,
		     "is at another offset within its huge pages at each start (see hugeedit "
		     "--align)");
		return -EXDEV;
	}
	failed = share_name(file, text, name);
	if (failed) {
		tell_unreadable(text, failed);
		return failed;
	}
	fd = find_or_make(directory, name, text, file);
	if (fd < 0)
		return fd;
	log_info("HUGETLB_SHARE: the text at 0x%lx is shared, as %s/%s",
		 (unsigned long)text->address, directory->path, name);
	return without_name(directory, name, fd);
}

static int open_shared(const struct share_directory *directory, const struct share_text *text)
{
	struct mapped_file file;
	int fd = mapped_file_open(text->address, text->file_bytes, &file);

	if (fd) {
		tell_unreadable(text, fd);
		return fd;
	}
	fd = open_copy_of(directory, text, &file);
	sys_close(file.fd);
	return fd;
}

int share_open(const struct share_text *text, const struct options *options)
{
	struct share_directory directory;
	long user = sys_geteuid();
	int fd;

	/* a system call filter may fake the result */
	if (SYS_IS_ERROR(user)) {
		log_info("HUGETLB_SHARE: the text at 0x%lx is not shared: geteuid failed (%s)",
			 (unsigned long)text->address, error_name(user));
		return (int)user;
	}
	directory.user = (unsigned int)user;
	fd = open_place(&directory, text, options);
	if (fd)
		return fd;
	fd = open_shared(&directory, text);
	sys_close(directory.fd);
	return fd;
}
