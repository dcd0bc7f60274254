/*
 * The file's own pages, huge: no copy, shared by all who map the file, and the name stays.
 *
 * It takes a filesystem that keeps big pieces of a file in one page of its cache (ext4, xfs, btrfs
 * and others of recent kernels), and a mapping that agrees with its file modulo the huge page. What
 * the cache holds in small pages already is put out of it and read again, once, and only where a
 * first page shows that this helps.
 */
#include <errno.h>
#include <fcntl.h>

#include "segments/backing.h"
#include "segments/readback.h"
#include "pages/smaps.h"
#include "sys.h"

/* Opens the file that is mapped at a range, for the cache's sake; -errno where it is not to be
 * found by its name, or where the process has written to its copy of a page. */
static long open_mapped(const struct plan_range *range, uint64_t *offset)
{
	struct smaps_mapping mapping = {.end = 0};
	struct smaps smaps;
	struct statx file;
	long fd = smaps_open(&smaps, "/proc/self/smaps");

	if (fd)
		return fd;
	while (smaps_next(&smaps, &mapping) && mapping.end <= range->start)
		;
	smaps_close(&smaps);
	if (mapping.start > range->start || mapping.end < range->end ||
	    mapping.value[SMAPS_ANONYMOUS] || mapping.name[0] != '/')
		return -EINVAL;
	*offset = mapping.offset + (range->start - mapping.start);
	fd = sys_open(mapping.name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (SYS_IS_ERROR(fd))
		return fd;
	if (!sys_statx_fd((int)fd, &file) && file.stx_ino == mapping.inode &&
	    file.stx_dev_major == mapping.device_major &&
	    file.stx_dev_minor == mapping.device_minor)
		return fd;
	sys_close((int)fd);
	return -ESTALE;
}

/* Has a part read again; the mapping itself stays. */
static void read_again(int fd, uintptr_t start, size_t bytes, uint64_t offset)
{
	if (sys_madvise(start, bytes, MADV_DONTNEED))
		return;
	sys_forget_cache(fd, offset, bytes);
	sys_madvise(start, bytes, MADV_POPULATE_READ);
}

static size_t huge_bytes(const struct plan_range *range)
{
	return readback_huge_bytes(range->start, range->end);
}

/* The first huge page that is not huge, or the end. */
static uintptr_t first_small(const struct plan_range *range, size_t page_bytes)
{
	uintptr_t at = range->start;

	while (at < range->end && readback_huge_bytes(at, at + page_bytes) == page_bytes)
		at += page_bytes;
	return at;
}

static size_t evict(const struct plan_range *range, size_t page_bytes)
{
	uintptr_t first = first_small(range, page_bytes);
	uint64_t offset;
	long fd = open_mapped(range, &offset);

	if (SYS_IS_ERROR(fd))
		return huge_bytes(range);
	read_again((int)fd, first, page_bytes, offset + (first - range->start));
	if (readback_huge_bytes(first, first + page_bytes) == page_bytes &&
	    huge_bytes(range) < range->end - range->start)
		for (uintptr_t at = first; at < range->end; at += page_bytes)
			if (readback_huge_bytes(at, at + page_bytes) < page_bytes)
				read_again((int)fd, at, page_bytes, offset + (at - range->start));
	sys_close((int)fd);
	return huge_bytes(range);
}

long file_make_huge(const struct plan_range *range, size_t page_bytes)
{
	const size_t bytes = range->end - range->start;
	size_t huge = huge_bytes(range);
	long failed;

	if (huge == bytes)
		return (long)huge;
	failed = sys_madvise(range->start, bytes, MADV_HUGEPAGE);
	if (failed)
		return failed;
	sys_madvise(range->start, bytes, MADV_POPULATE_READ);
	huge = huge_bytes(range);
	return (long)(huge < bytes ? evict(range, page_bytes) : huge);
}
