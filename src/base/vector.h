/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of any length, in memory mapped for them: how many objects, segments and mappings a process
 * has is not for us to limit, and malloc is not ours to call.
 *
 * System calls only. An item's address holds until the next vector_add() of its list.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdbool.h>
#include <stddef.h>

struct vector {
	void *items;
	size_t count, item_bytes;
	size_t room_bytes;
	bool mapped; /* the room is the list's own */
};

/* An empty list; maps nothing yet. */
#define VECTOR_OF(type) ((struct vector){.item_bytes = sizeof(type)})

/* The same, in an array of the caller's as long as that is long enough; a constant. */
#define VECTOR_IN(array)                                                                        \
	{                                                                                       \
		.items = (array), .item_bytes = sizeof((array)[0]), .room_bytes = sizeof(array) \
	}

/* Adds an item of zeroes. Returns it, or NULL: there is no memory, and the list is as it was. */
void *vector_add(struct vector *list);

/* Gives the memory back; the list is empty then, and without an array. */
void vector_free(struct vector *list);

#endif
