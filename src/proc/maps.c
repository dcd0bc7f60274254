/*
 * Mappings by address: see maps.h.
 */
#include <errno.h>

#include "base/sys.h"
#include "proc/maps.h"

/* The kernel's <linux/fs.h> of 6.11 and later: PROCMAP_QUERY, of an open /proc/PID/maps. */
struct map_query {
	uint64_t size, query_flags, address, start, end, flags, page_bytes, offset, inode;
	uint32_t device_major, device_minor, name_bytes, build_id_bytes;
	uint64_t name, build_id;
};

#define MAP_QUERY            0xc0686611 /* _IOWR('f', 17, struct map_query) */
#define MAP_QUERY_READABLE   1
#define MAP_QUERY_WRITABLE   2
#define MAP_QUERY_EXECUTABLE 4
#define MAP_QUERY_SHARED     8
#define MAP_QUERY_OR_NEXT    16

_Static_assert(sizeof(struct map_query) == 0x68, "as the request says");

int maps_open(struct maps *maps, bool with_names)
{
	maps->with_names = with_names;
	maps->by_text = sys_is_filtered(); /* which may kill for a request that it does not know */
	return smaps_open(&maps->text, "/proc/self/maps");
}

int maps_open_with_flags(struct maps *maps)
{
	*maps = (struct maps){.by_text = true};
	return smaps_open(&maps->text, "/proc/self/smaps");
}

void maps_close(struct maps *maps)
{
	smaps_close(&maps->text);
}

/* 0, -ENOENT (there is none), or another error: the text has to tell. */
static long ask(const struct maps *maps, uint64_t address, struct smaps_mapping *mapping)
{
	struct map_query query = {.size = sizeof(query),
				  .query_flags = MAP_QUERY_OR_NEXT,
				  .address = address,
				  .name = maps->with_names ? (uintptr_t)mapping->name : 0,
				  .name_bytes = maps->with_names ? sizeof(mapping->name) : 0};
	long failed;

	mapping->name[0] = mapping->flags[0] = '\0';
	failed = sys_ioctl(maps->text.stream.fd, MAP_QUERY, &query);
	if (failed)
		return failed;
	mapping->start = query.start;
	mapping->end = query.end;
	mapping->offset = query.offset;
	mapping->inode = query.inode;
	mapping->device_major = query.device_major;
	mapping->device_minor = query.device_minor;
	mapping->rights[0] = query.flags & MAP_QUERY_READABLE ? 'r' : '-';
	mapping->rights[1] = query.flags & MAP_QUERY_WRITABLE ? 'w' : '-';
	mapping->rights[2] = query.flags & MAP_QUERY_EXECUTABLE ? 'x' : '-';
	mapping->rights[3] = query.flags & MAP_QUERY_SHARED ? 's' : 'p';
	mapping->rights[4] = '\0';
	return 0;
}

bool maps_above(struct maps *maps, uint64_t address, struct smaps_mapping *mapping)
{
	if (!maps->by_text) {
		long failed = ask(maps, address, mapping);

		if (!failed || failed == -ENOENT)
			return !failed;
		maps->by_text = true;
	}
	while (smaps_next(&maps->text, mapping))
		if (mapping->end > address)
			return true;
	return false;
}
