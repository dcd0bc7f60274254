/*
 * Lists in memory of their own: see scratch.h.
 */
#include <string.h>
#include <sys/auxv.h>

#include "pages/aside.h"
#include "segments/scratch.h"
#include "sys.h"

/* Doubled each time, so that all the copying costs no more than the list itself. */
static int grow(struct scratch *list)
{
	size_t bytes = list->mapped_bytes ? 2 * list->mapped_bytes : 4 * getauxval(AT_PAGESZ);
	long at = aside_map(bytes, 0);

	if (SYS_IS_ERROR(at))
		return (int)at;
	if (list->items) {
		memcpy((void *)at, list->items, list->count * list->item_bytes);
		sys_munmap((uintptr_t)list->items, list->mapped_bytes);
	}
	list->items = (void *)at;
	list->mapped_bytes = bytes;
	return 0;
}

void *scratch_add(struct scratch *list)
{
	if ((list->count + 1) * list->item_bytes > list->mapped_bytes && grow(list))
		return NULL;
	return (char *)list->items + list->item_bytes * list->count++;
}

void scratch_free(struct scratch *list)
{
	if (list->items)
		sys_munmap((uintptr_t)list->items, list->mapped_bytes);
	list->items = NULL;
	list->count = list->mapped_bytes = 0;
}
