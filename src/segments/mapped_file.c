/*
 * Which file memory is mapped from: see origin.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/sys.h"
#include "proc/maps.h"
#include "proc/pagemap.h"
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

#define ENTRIES_AT_ONCE 512

/* Is no page of the range the process's own? 0, -ESTALE, or -errno. By each page's entry. */
static int read_pages(const struct pagemap *pagemap, size_t page, size_t pages)
{
	uint64_t entries[ENTRIES_AT_ONCE];

	while (pages) {
		size_t wanted = pages < ENTRIES_AT_ONCE ? pages : ENTRIES_AT_ONCE;
		long got = pagemap_read(pagemap, page, entries, wanted);

		if (got != (long)wanted)
			return got < 0 ? (int)got : -ESTALE;
		for (size_t i = 0; i < wanted; i++)
			if (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED) &&
			    !(entries[i] & PAGEMAP_FILE))
				return -ESTALE;
		pages -= wanted;
		page += wanted;
	}
	return 0;
}

/* The same by one request; other errors: an older kernel. */
static int scan_pages(const struct pagemap *pagemap, uintptr_t address, size_t bytes)
{
	const struct pagemap_query own = {.inverted = PAGE_IS_FILE,
					  .mask = PAGE_IS_FILE,
					  .any_of = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
					  .returned = PAGE_IS_PRESENT};
	struct pagemap_range found;
	uint64_t end = address;
	long result = pagemap_scan(pagemap, &own, &end, address + bytes, &found, 1);

	if (result < 0)
		return (int)result;
	if (result)
		return -ESTALE;
	return end < address + bytes ? -EAGAIN : 0;
}

int mapped_file_check_pages(uintptr_t address, size_t bytes)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	struct pagemap pagemap;
	int result;

	pagemap_open(&pagemap);
	result = scan_pages(&pagemap, address, bytes);
	if (result && result != -ESTALE)
		result = read_pages(&pagemap, address / base_bytes, bytes / base_bytes);
	pagemap_close(&pagemap);
	return result;
}
