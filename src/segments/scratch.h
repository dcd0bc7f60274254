/*
 * Lists of any length, in memory mapped for them: how many objects, segments and mappings a process
 * has is not for us to limit, and malloc is not ours to call.
 *
 * System calls only. An item's address holds until the next scratch_add() of its list.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stddef.h>

struct scratch {
	void *items;
	size_t count, item_bytes, mapped_bytes;
};

/* An empty list; maps nothing yet. */
#define SCRATCH_OF(type) ((struct scratch){.item_bytes = sizeof(type)})

/* Adds an item of zeroes. Returns it, or NULL: there is no memory, and the list is as it was. */
void *scratch_add(struct scratch *list);

/* Gives the memory back; the list is empty then. */
void scratch_free(struct scratch *list);

#endif
