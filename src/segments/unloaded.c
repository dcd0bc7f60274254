/*
 * Text on hugetlb pages that went with its library: see unloaded.h.
 *
 * ld.so unmaps a library by calls of its own. Until it says so, what was known of the text is
 * wrong; it does no harm: where the kernel maps something else there, the pages count as small from
 * then on (memory/calls.c).
 */
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "memory/memory.h"
#include "segments/unloaded.h"

static bool loaded[MEMORY_RANGES_MAX]; /* the range of that number is some object's */

static void mark_inside(uintptr_t from, uintptr_t to)
{
	uintptr_t start, end;

	for (size_t i = 0; i < MEMORY_RANGES_MAX; i++)
		if (memory_nth_text(i, &start, &end) && start >= from && end <= to)
			loaded[i] = true;
}

static int mark_object(struct dl_phdr_info *info, size_t size, void *data)
{
	uintptr_t from = UINTPTR_MAX, to = 0;

	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		from = start < from ? start : from;
		to = start + header->p_memsz > to ? start + header->p_memsz : to;
	}
	mark_inside(from, to);
	return 0;
}

static bool has_text(void)
{
	uintptr_t start, end;

	for (size_t i = 0; i < MEMORY_RANGES_MAX; i++)
		if (memory_nth_text(i, &start, &end))
			return true;
	return false;
}

void unloaded_forget(void)
{
	uintptr_t start, end;

	if (!has_text())
		return;
	memset(loaded, 0, sizeof(loaded));
	dl_iterate_phdr(mark_object, NULL);
	for (size_t i = 0; i < MEMORY_RANGES_MAX; i++)
		if (!loaded[i] && memory_nth_text(i, &start, &end))
			memory_forget_range(start, end);
}
