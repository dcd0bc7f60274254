/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists in memory of their own: see vector.h.
 */
#include <string.h>
#include <sys/auxv.h>

#include "base/aside.h"
#include "base/sys.h"
#include "base/vector.h"

/* Doubled each time, so that the total cost of copying stays proportional to the list. */
static int grow(struct vector *list)
{
	const size_t bytes_min = 4 * getauxval(AT_PAGESZ);
	size_t bytes = 2 * list->room_bytes > bytes_min ? 2 * list->room_bytes : bytes_min;
	long at = aside_map(bytes, 0);

	if (SYS_IS_ERROR(at))
		return (int)at;
	if (list->items)
		memcpy((void *)at, list->items, list->count * list->item_bytes);
	if (list->mapped)
		sys_munmap((uintptr_t)list->items, list->room_bytes);
	list->items = (void *)at;
	list->room_bytes = bytes;
	list->mapped = true;
	return 0;
}

void *vector_add(struct vector *list)
{
	void *item;

	if ((list->count + 1) * list->item_bytes > list->room_bytes && grow(list))
		return NULL;
	item = (char *)list->items + list->item_bytes * list->count++;
	memset(item, 0, list->item_bytes);
	return item;
}

void vector_free(struct vector *list)
{
	if (list->mapped)
		sys_munmap((uintptr_t)list->items, list->room_bytes);
	list->items = NULL;
	list->count = list->room_bytes = 0;
	list->mapped = false;
}
