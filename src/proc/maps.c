/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings by address: see maps.h.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "proc/maps.h"

int maps_open(struct maps *maps, bool with_names)
{
	maps->with_names = with_names;
	maps->by_text = sys_is_filtered(); /* a filter may kill the process for a request that it
					    * does not know */
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

long maps_ask(int fd, uint64_t address, struct maps_query *query)
{
	query->size = sizeof(*query);
	query->query_flags = MAPS_QUERY_OR_NEXT;
	query->address = address;
	return sys_ioctl(fd, MAPS_QUERY, query);
}

/* Returns 0, -ENOENT (no mapping above address), or another error: read the text instead. */
static long ask(const struct maps *maps, uint64_t address, struct smaps_mapping *mapping)
{
	struct maps_query query = {
		.name = maps->with_names ? (uintptr_t)mapping->name : 0,
		.name_bytes = maps->with_names ? sizeof(mapping->name) : 0,
	};
	long failed;

	/* valgrind does not know that the kernel fills in the name */
	if (maps->with_names)
		memset(mapping->name, 0, sizeof(mapping->name));
	mapping->name[0] = mapping->flags[0] = '\0';
	failed = maps_ask(maps->text.stream.fd, address, &query);
	if (failed)
		return failed;
	mapping->start = query.start;
	mapping->end = query.end;
	mapping->offset = query.offset;
	mapping->inode = query.inode;
	mapping->device_major = query.device_major;
	mapping->device_minor = query.device_minor;
	mapping->rights[0] = query.flags & MAPS_QUERY_READABLE ? 'r' : '-';
	mapping->rights[1] = query.flags & MAPS_QUERY_WRITABLE ? 'w' : '-';
	mapping->rights[2] = query.flags & MAPS_QUERY_EXECUTABLE ? 'x' : '-';
	mapping->rights[3] = query.flags & MAPS_QUERY_SHARED ? 's' : 'p';
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

bool maps_find(uint64_t address, struct smaps_mapping *mapping)
{
	struct maps maps;
	bool found;

	if (maps_open(&maps, false))
		return false;
	found = maps_above(&maps, address, mapping) && mapping->start <= address;
	maps_close(&maps);
	return found;
}
