/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mappings of this process by address: what /proc/self/maps says, one at a time.
 *
 * By a request to the kernel for each (Linux 6.11), which spares it from writing and us from
 * reading all lines and names; by the text where there is no such request, where it fails, and
 * under a filter of system calls.
 * System calls only, no malloc; 3 kB on the caller's stack.
 */
#ifndef PAGES_MAPS_H
#define PAGES_MAPS_H

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
 * Asks for the first mapping that ends above address, by an open /proc/PID/maps. The caller has set
 * name and name_bytes, or left them 0. 0; -ENOENT: there is no such mapping; another error: this
 * kernel has no such request.
 */
long maps_ask(int fd, uint64_t address, struct maps_query *query);

struct maps {
	struct smaps text;
	bool with_names, by_text;
};

/* Names of files take as long as all the rest. 0 or -errno; after 0 the caller owes a
 * maps_close(). */
int maps_open(struct maps *maps, bool with_names);

/* The same with VmFlags, and all that smaps have: many times slower. */
int maps_open_with_flags(struct maps *maps);
void maps_close(struct maps *maps);

/*
 * The first mapping that ends above address; addresses rise from call to call. Fills in what a
 * line of /proc/PID/maps has, and nothing else. False: there is none.
 */
bool maps_above(struct maps *maps, uint64_t address, struct smaps_mapping *mapping);

#endif
