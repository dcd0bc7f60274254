/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that a text was mapped from: see share_file.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/log.h"
#include "base/sys.h"
#include "segments/mapped_file.h"
#include "segments/sha256.h"
#include "segments/share_file.h"

/*
 * Is the open file the one that is mapped? On btrfs and overlayfs the file's device is another one
 * in stat than in maps; then a mapping of it is made, to be compared with the text's.
 */
static bool is_origin(const struct share_file *file, const struct statx *status,
		      const struct mapped_file *origin)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	bool same;
	long probe;

	if (status->stx_ino == origin->inode && status->stx_dev_major == origin->device_major &&
	    status->stx_dev_minor == origin->device_minor)
		return true;
	probe = sys_mmap(0, base_bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
	if (SYS_IS_ERROR(probe))
		return false;
	same = mapped_file_is_mapped((uintptr_t)probe, origin);
	sys_munmap((uintptr_t)probe, base_bytes);
	return same;
}

static int read_status(struct share_file *file, struct statx *status)
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

int share_file_open(const struct share_text *text, struct share_file *file)
{
	struct mapped_file origin;
	struct statx status;
	int failed = mapped_file_find(text->address, text->file_bytes, &origin);
	long fd;

	if (failed)
		return failed;
	/* not to wait for a writer, where the name leads to a pipe by now */
	fd = sys_open(origin.path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (SYS_IS_ERROR(fd))
		return (int)fd;
	file->fd = (int)fd;
	file->offset = origin.offset;
	failed = read_status(file, &status);
	if (!failed)
		failed = is_origin(file, &status, &origin)
				 ? mapped_file_check_pages(text->address, text->file_bytes)
				 : -ESTALE;
	if (failed)
		sys_close(file->fd);
	return failed;
}

int share_file_check(const struct share_file *file)
{
	struct share_file now = {.fd = file->fd};
	struct statx status;
	int failed = read_status(&now, &status);

	if (failed)
		return failed;
	return now.bytes == file->bytes && now.changed_seconds == file->changed_seconds &&
			       now.changed_nanoseconds == file->changed_nanoseconds
		       ? 0
		       : -ESTALE;
}

/* Reads up to bytes of the text from `from` on; the file's end ends it, with what there was. */
static long read_piece(const struct share_file *file, size_t from, void *to, size_t bytes)
{
	long got;

	do
		got = sys_pread(file->fd, to, bytes, (size_t)file->offset + from);
	while (got == -EINTR);
	return got;
}

int share_file_read(const struct share_file *file, const struct share_text *text, void *to)
{
	size_t done = 0;

	while (done < text->file_bytes) {
		long got = read_piece(file, done, (char *)to + done, text->file_bytes - done);

		if (SYS_IS_ERROR(got))
			return (int)got;
		if (!got)
			break;
		done += (size_t)got;
	}
	return 0;
}

static int hash_text(const struct share_file *file, const struct share_text *text,
		     unsigned char digest[SHA256_BYTES])
{
	unsigned char buffer[8192];
	struct sha256 hash;
	size_t done = 0;

	sha256_begin(&hash);
	while (done < text->file_bytes) {
		size_t wanted = text->file_bytes - done;
		long got = read_piece(file, done, buffer,
				      wanted < sizeof(buffer) ? wanted : sizeof(buffer));

		if (SYS_IS_ERROR(got))
			return (int)got;
		if (!got)
			break;
		sha256_add(&hash, buffer, (size_t)got);
		done += (size_t)got;
	}
	sha256_end(&hash, digest);
	return 0;
}

/* Appends to a name that is long enough for all that is appended. */
static void append_bytes(char *name, const unsigned char *bytes, size_t count)
{
	name += strlen(name);
	for (size_t i = 0; i < count; i++, name += 2)
		text_format(name, 3, "%02x", bytes[i]);
}

static void append_number(char *name, char before, uint64_t number)
{
	unsigned char bytes[sizeof(number)];
	size_t count = 0;

	name += strlen(name);
	*name++ = before;
	*name = '\0';
	for (int shift = 56; shift >= 0; shift -= 8)
		if (number >> shift || !shift)
			bytes[count++] = (unsigned char)(number >> shift);
	append_bytes(name, bytes, count);
}

int share_file_name(const struct share_file *file, const struct share_text *text,
		    char name[SHARE_NAME_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	if (text->build_id_bytes) {
		text_format(name, SHARE_NAME_BYTES, "build-id-");
		append_bytes(name, text->build_id, text->build_id_bytes);
		append_number(name, '-', file->bytes);
		append_number(name, '-', (uint64_t)file->changed_seconds);
		append_number(name, '.', file->changed_nanoseconds);
		append_number(name, '-', file->inode);
		append_number(name, '-', file->offset);
	} else {
		int failed = hash_text(file, text, digest);

		if (failed)
			return failed;
		text_format(name, SHARE_NAME_BYTES, "sha256-");
		append_bytes(name, digest, sizeof(digest));
	}
	append_number(name, '-', text->file_bytes);
	append_number(name, '-', text->bytes);
	return 0;
}
