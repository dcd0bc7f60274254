/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of any length, in memory mapped for them: the number of a process's objects, segments and
 * mappings has no upper bound, and the library must not call malloc.
 *
 * System calls only. An item's address is valid until the next vector_add() to its list.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdbool.h>
#include <stddef.h>

struct vector {
	void *items;
	size_t count, item_bytes;
	size_t room_bytes;
	bool mapped; /* the memory is the list's own mapping */
};

/* An empty list; maps nothing yet. */
#define VECTOR_OF(type) ((struct vector){.item_bytes = sizeof(type)})

/* The same, in an array of the caller for as long as the items fit into it; a constant. */
#define VECTOR_IN(array)                                                                        \
	{                                                                                       \
		.items = (array), .item_bytes = sizeof((array)[0]), .room_bytes = sizeof(array) \
	}

/* Adds an item of zeroes. Returns it, or NULL if there is no memory; the list is unchanged then. */
void *vector_add(struct vector *list);

/* Frees the memory; the list is empty then, and has no array. */
void vector_free(struct vector *list);

#endif
