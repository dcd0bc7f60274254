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
