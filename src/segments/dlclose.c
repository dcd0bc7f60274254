/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text and data on hugetlb pages that are unloaded with their library: see dlclose.h.
 *
 * ld.so unmaps a library by calls of its own. Until it announces that, the recorded state is wrong,
 * but harmless: if the kernel maps something else there, the pages count as small from then on
 * (calls/), and a fork does not read them (replaced_doubt()).
 */
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "calls/start.h"
#include "segments/dlclose.h"
#include "segments/replaced.h"

static bool loaded[REPLACED_MAX]; /* the range of that number belongs to a loaded object */

/* A range belongs to one object only, but may extend beyond its end. */
static void mark_touching(uintptr_t from, uintptr_t to)
{
	uintptr_t start, end;

	for (size_t i = 0; i < REPLACED_MAX; i++)
		if (replaced_nth(i, &start, &end) && start < to && end > from)
			loaded[i] = true;
}

static void mark_segments(const struct dl_phdr_info *info)
{
	uintptr_t from = UINTPTR_MAX, to = 0;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		from = start < from ? start : from;
		to = start + header->p_memsz > to ? start + header->p_memsz : to;
	}
	mark_touching(from, to);
}

static int mark_object(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	mark_segments(info);
	return 0;
}

/* The program comes first, and is never unloaded. */
static int mark_program(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	mark_segments(info);
	return 1;
}

/* Marks the ranges inside these objects. False: there are no ranges. */
static bool mark(int (*mark_one)(struct dl_phdr_info *info, size_t size, void *data))
{
	uintptr_t start, end;
	size_t i = 0;

	while (i < REPLACED_MAX && !replaced_nth(i, &start, &end))
		i++;
	if (i == REPLACED_MAX)
		return false;
	memset(loaded, 0, sizeof(loaded));
	dl_iterate_phdr(mark_one, NULL);
	return true;
}

void dlclose_expect(void)
{
	uintptr_t start, end;

	if (!mark(mark_program))
		return;
	for (size_t i = 0; i < REPLACED_MAX; i++)
		if (!loaded[i] && replaced_nth(i, &start, &end))
			replaced_doubt(i, true);
}

void dlclose_forget(void)
{
	uintptr_t start, end;

	if (!mark(mark_object))
		return;
	for (size_t i = 0; i < REPLACED_MAX; i++) {
		if (!replaced_nth(i, &start, &end))
			continue;
		if (loaded[i])
			replaced_doubt(i, false);
		else
			replaced_forget(start, end);
	}
}
