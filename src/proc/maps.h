/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mappings of this process by address: the contents of /proc/self/maps, one mapping at a time.
 *
 * Uses one kernel request per mapping (Linux 6.11), which avoids formatting and parsing all lines
 * and names; reads the text if that request is missing or fails, and under a system call filter.
 * System calls only, no malloc; 3 kB on the caller's stack.
 */
#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/smaps.h"

/* As struct procmap_query of <linux/fs.h> (Linux 6.11). */
struct maps_query {
	uint64_t size, query_flags, address, start, end, flags, page_bytes, offset, inode;
	uint32_t device_major, device_minor, name_bytes, build_id_bytes;
	uint64_t name, build_id;
};

#define MAPS_QUERY            0xc0686611 /* PROCMAP_QUERY */
#define MAPS_QUERY_READABLE   1
#define MAPS_QUERY_WRITABLE   2
#define MAPS_QUERY_EXECUTABLE 4
#define MAPS_QUERY_SHARED     8
#define MAPS_QUERY_OR_NEXT    16

_Static_assert(sizeof(struct maps_query) == 0x68, "as the request's number says");

/*
 * Queries the first mapping that ends above address, through an open /proc/PID/maps. The caller
 * sets name and name_bytes, or leaves them 0. Returns 0; -ENOENT: no such mapping; another error:
 * this kernel does not have the request.
 */
long maps_ask(int fd, uint64_t address, struct maps_query *query);

struct maps {
	struct smaps text;
	bool with_names, by_text;
};

/* File names take as long as everything else together. Returns 0 or -errno; after 0 the caller must
 * call maps_close(). */
int maps_open(struct maps *maps, bool with_names);

/* The same with VmFlags and the other fields of smaps: many times slower. */
int maps_open_with_flags(struct maps *maps);
void maps_close(struct maps *maps);

/*
 * The first mapping that ends above address; addresses must rise from call to call. Fills in only
 * what a line of /proc/PID/maps has. False: there is none.
 */
bool maps_above(struct maps *maps, uint64_t address, struct smaps_mapping *mapping);

/* The mapping at an address; false: there is none, or it cannot be read. */
bool maps_find(uint64_t address, struct smaps_mapping *mapping);

#endif
