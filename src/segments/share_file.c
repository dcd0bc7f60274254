/*
 * The file that a text was mapped from: see share_file.h.
 *
 * What /proc says of this process is read anew at each call: between two of them a debugger, or
 * the program itself, may have changed it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "log.h"
#include "pages/smaps.h"
#include "segments/sha256.h"
#include "segments/share_file.h"
#include "pages/smaps.h"
#include "sys.h"

/* Where the text's first byte comes from, as /proc/self/maps has it. */
struct origin {
	unsigned int device_major, device_minor;
	uint64_t inode, offset;
	char path[SMAPS_NAME_BYTES];
};

static bool is_same_file(const struct origin *origin, const struct smaps_mapping *mapping)
{
	return mapping->inode == origin->inode && mapping->device_major == origin->device_major &&
	       mapping->device_minor == origin->device_minor;
}

/* Is the mapping a private one of a file, that nobody may write to now? */
static bool is_text_of_file(const struct smaps_mapping *mapping)
{
	return mapping->inode && mapping->rights[1] != 'w' && mapping->rights[3] == 'p';
}

/*
 * Walks over the mappings that hold the text: all of one file, one behind the other there as here.
 */
static int find_origin_in(struct smaps *maps, const struct share_text *text, struct origin *origin)
{
	uint64_t at = text->address, end = at + text->file_bytes;
	struct smaps_mapping mapping;

	while (at < end && smaps_next(maps, &mapping)) {
		uint64_t offset = mapping.offset + at - mapping.start;

		if (mapping.end <= at)
			continue;
		if (mapping.start > at || !is_text_of_file(&mapping))
			return -ESTALE;
		if (at == text->address) {
			origin->device_major = mapping.device_major;
			origin->device_minor = mapping.device_minor;
			origin->inode = mapping.inode;
			origin->offset = offset;
			memcpy(origin->path, mapping.name, sizeof(origin->path));
		} else if (!is_same_file(origin, &mapping) ||
			   offset != origin->offset + at - text->address) {
			return -ESTALE;
		}
		at = mapping.end;
	}
	return at < end ? -ESTALE : 0;
}

static int find_origin(const struct share_text *text, struct origin *origin)
{
	struct smaps maps;
	int failed = smaps_open(&maps, "/proc/self/maps");

	if (failed)
		return failed;
	failed = find_origin_in(&maps, text, origin);
	smaps_close(&maps);
	return failed;
}

static bool is_mapped_from(uintptr_t address, const struct origin *origin)
{
	struct smaps_mapping mapping;
	struct smaps maps;
	bool same = false;

	if (smaps_open(&maps, "/proc/self/maps"))
		return false;
	while (smaps_next(&maps, &mapping))
		if (address >= mapping.start && address < mapping.end) {
			same = is_same_file(origin, &mapping);
			break;
		}
	smaps_close(&maps);
	return same;
}

/*
 * Is the open file the one that is mapped? On btrfs and overlayfs the file's device is another one
 * in stat than in maps; then a mapping of it is made, to be compared with the text's.
 */
static bool is_origin(const struct share_file *file, const struct statx *status,
		      const struct origin *origin)
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
	same = is_mapped_from((uintptr_t)probe, origin);
	sys_munmap((uintptr_t)probe, base_bytes);
	return same;
}

/* Of an entry of /proc/self/pagemap. */
#define PAGE_PRESENT      (UINT64_C(1) << 63)
#define PAGE_SWAPPED      (UINT64_C(1) << 62)
#define PAGE_OF_FILE      (UINT64_C(1) << 61) /* or of shared memory; not a copy on write */
#define PAGES_AT_ONCE_MAX 512

/* A page that was written to (a breakpoint, a patch) is this process's own, and not the file's. */
static int check_pages(const struct share_text *text)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	size_t pages = text->file_bytes / base_bytes, page = text->address / base_bytes;
	long fd = sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
	uint64_t entries[PAGES_AT_ONCE_MAX];
	int failed = 0;

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	while (pages && !failed) {
		size_t wanted = pages < PAGES_AT_ONCE_MAX ? pages : PAGES_AT_ONCE_MAX;
		long got = sys_pread((int)fd, entries, wanted * sizeof(entries[0]),
				     page * sizeof(entries[0]));

		if (got != (long)(wanted * sizeof(entries[0])))
			failed = SYS_IS_ERROR(got) ? (int)got : -ESTALE;
		for (size_t i = 0; i < wanted && !failed; i++)
			if (entries[i] & (PAGE_PRESENT | PAGE_SWAPPED) &&
			    !(entries[i] & PAGE_OF_FILE))
				failed = -ESTALE;
		pages -= wanted;
		page += wanted;
	}
	sys_close((int)fd);
	return failed;
}

static int read_status(struct share_file *file, struct statx *status)
{
	long failed = sys_statx_fd(file->fd, status);

	if (failed)
		return (int)failed;
	file->mode = status->stx_mode;
	file->bytes = status->stx_size;
	file->modified_seconds = status->stx_mtime.tv_sec;
	file->modified_nanoseconds = status->stx_mtime.tv_nsec;
	return 0;
}

int share_file_open(const struct share_text *text, struct share_file *file)
{
	struct origin origin;
	struct statx status;
	int failed = find_origin(text, &origin);
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
		failed = is_origin(file, &status, &origin) ? check_pages(text) : -ESTALE;
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
	return now.bytes == file->bytes && now.modified_seconds == file->modified_seconds &&
			       now.modified_nanoseconds == file->modified_nanoseconds
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
		append_number(name, '-', (uint64_t)file->modified_seconds);
		append_number(name, '.', file->modified_nanoseconds);
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
