/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

int mapped_file_check_pages(uintptr_t address, size_t bytes)
{
	struct pagemap pagemap;
	int own;

	pagemap_open(&pagemap);
	own = pagemap_has_own(&pagemap, address, address + bytes);
	pagemap_close(&pagemap);
	return own > 0 ? -ESTALE : own;
}
