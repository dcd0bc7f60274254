/*
 * Which file memory is mapped from: see origin.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/sys.h"
#include "proc/maps.h"
#include "segments/mapped_file.h"

/* The mapping at an address; addresses rise from call to call. False: nothing is there. */
static bool mapping_at(struct maps *maps, uint64_t address, struct smaps_mapping *mapping)
{
	return maps_above(maps, address, mapping) && mapping->start <= address;
}

static bool is_same_file(const struct mapped_file *origin, const struct smaps_mapping *mapping)
{
	return mapping->inode == origin->inode && mapping->device_major == origin->device_major &&
	       mapping->device_minor == origin->device_minor;
}

/* Is the mapping a private one of a file, that nobody may write to now? */
static bool is_text_of_file(const struct smaps_mapping *mapping)
{
	return mapping->inode && mapping->rights[1] != 'w' && mapping->rights[3] == 'p';
}

static int walk(struct maps *maps, uint64_t address, size_t bytes, struct mapped_file *origin)
{
	const uint64_t end = address + bytes;
	struct smaps_mapping mapping;

	for (uint64_t at = address; at < end; at = mapping.end) {
		uint64_t offset;

		if (!mapping_at(maps, at, &mapping) || !is_text_of_file(&mapping))
			return -ESTALE;
		offset = mapping.offset + (at - mapping.start);
		if (at == address) {
			origin->device_major = mapping.device_major;
			origin->device_minor = mapping.device_minor;
			origin->inode = mapping.inode;
			origin->offset = offset;
			memcpy(origin->path, mapping.name, sizeof(origin->path));
		} else if (!is_same_file(origin, &mapping) ||
			   offset != origin->offset + (at - address)) {
			return -ESTALE;
		}
	}
	return 0;
}

int mapped_file_find(uintptr_t address, size_t bytes, struct mapped_file *origin)
{
	struct maps maps;
	int failed = maps_open(&maps, true);

	if (failed)
		return failed;
	failed = walk(&maps, address, bytes, origin);
	maps_close(&maps);
	return failed;
}

bool mapped_file_is_mapped(uintptr_t address, const struct mapped_file *origin)
{
	struct smaps_mapping mapping;
	struct maps maps;
	bool same;

	if (maps_open(&maps, true))
		return false;
	same = mapping_at(&maps, address, &mapping) && is_same_file(origin, &mapping);
	maps_close(&maps);
	return same;
}

/* The kernel's <linux/fs.h> of 6.7 and later: PAGEMAP_SCAN, of an open /proc/PID/pagemap. */
struct page_scan {
	uint64_t size, flags, start, end, walk_end, vector, vector_count, pages_max;
	uint64_t inverted, mask, any_of, returned;
};

struct page_range {
	uint64_t start, end, categories;
};

#define PAGE_SCAN         0xc0606610 /* _IOWR('f', 16, struct page_scan) */
#define PAGE_SCAN_FILE    (1u << 2)
#define PAGE_SCAN_PRESENT (1u << 3)
#define PAGE_SCAN_SWAPPED (1u << 4)

_Static_assert(sizeof(struct page_scan) == 0x60, "as the request says");

/* How many ranges of pages are the process's own, 0 or 1; or -errno: an older kernel. */
static long scan_pages(int fd, uintptr_t address, size_t bytes)
{
	struct page_range found;
	struct page_scan scan = {.size = sizeof(scan),
				 .start = address,
				 .end = address + bytes,
				 .vector = (uintptr_t)&found,
				 .vector_count = 1,
				 .inverted = PAGE_SCAN_FILE,
				 .mask = PAGE_SCAN_FILE,
				 .any_of = PAGE_SCAN_PRESENT | PAGE_SCAN_SWAPPED,
				 .returned = PAGE_SCAN_PRESENT};
	long result = sys_ioctl(fd, PAGE_SCAN, &scan);

	if (!result && scan.walk_end < scan.end)
		return -EAGAIN;
	return result;
}

/* Of an entry of /proc/self/pagemap. */
#define PAGE_PRESENT      (UINT64_C(1) << 63)
#define PAGE_SWAPPED      (UINT64_C(1) << 62)
#define PAGE_OF_FILE      (UINT64_C(1) << 61) /* or of shared memory; not a copy on write */
#define PAGES_AT_ONCE_MAX 512

static int read_pages(int fd, size_t page, size_t pages)
{
	uint64_t entries[PAGES_AT_ONCE_MAX];

	while (pages) {
		size_t wanted = pages < PAGES_AT_ONCE_MAX ? pages : PAGES_AT_ONCE_MAX;
		long got = sys_pread(fd, entries, wanted * sizeof(entries[0]),
				     page * sizeof(entries[0]));

		if (got != (long)(wanted * sizeof(entries[0])))
			return SYS_IS_ERROR(got) ? (int)got : -ESTALE;
		for (size_t i = 0; i < wanted; i++)
			if (entries[i] & (PAGE_PRESENT | PAGE_SWAPPED) &&
			    !(entries[i] & PAGE_OF_FILE))
				return -ESTALE;
		pages -= wanted;
		page += wanted;
	}
	return 0;
}

int mapped_file_check_pages(uintptr_t address, size_t bytes)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	long result, fd = sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	result = scan_pages((int)fd, address, bytes);
	if (SYS_IS_ERROR(result))
		result = read_pages((int)fd, address / base_bytes, bytes / base_bytes);
	else if (result)
		result = -ESTALE;
	sys_close((int)fd);
	return (int)result;
}
