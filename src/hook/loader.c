/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dynamic linker's announcements: see loader.h.
 */
#include <entry.h>
#include <errno.h>
#include <link.h>

#include "hook/loader.h"
#include "hook/patch.h"
#include "hook/symbols.h"

/* Functions of ld.so begin at multiples of this: bytes before the next multiple belong to no other
 * function. */
#define FUNCTION_ALIGN 16

/* Like struct r_debug_extended of newer headers, which applies if r_version is 2 or more. */
struct namespaces {
	struct r_debug first;
	const struct namespaces *next;
};

static const struct r_debug *announcement;
static void (*on_change)(enum loader_change change);

/*
 * Replaces ld.so's empty function. A change begins with a state of its own and ends with
 * RT_CONSISTENT. While objects are being added the list must not be read. Changes of other
 * namespaces are announced here, too, and find the program's list consistent.
 */
static void announced(void)
{
	const int state = announcement->r_state;
	int error = errno;

	if (state == RT_CONSISTENT)
		on_change(LOADER_CHANGED);
	else if (state == RT_DELETE)
		on_change(LOADER_UNLOADS);
	errno = error;
}

/*
 * ld.so has put the address into the program's dynamic table. The program comes first in the list.
 * A static program has a loader of its own inside, and what that loads brings a C library whose
 * calls are not hooked: it is not watched.
 */
static int read_program(struct dl_phdr_info *program, size_t size, void *data)
{
	const struct r_debug **found = data;

	(void)size;
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &program->dlpi_phdr[i];
		const ElfW(Dyn) * dynamic;

		if (header->p_type != PT_DYNAMIC)
			continue;
		dynamic = (const ElfW(Dyn) *)(program->dlpi_addr + header->p_vaddr);
		for (; dynamic->d_tag != DT_NULL; dynamic++)
			if (dynamic->d_tag == DT_DEBUG)
				*found = (const struct r_debug *)dynamic->d_un.d_ptr;
	}
	if (*found && libc_object_holds(program, (*found)->r_brk))
		*found = NULL;
	return 1;
}

/*
 * How many bytes of ld.so's empty function may be overwritten: up to the next address where a
 * function can begin. If an instruction of the padding reaches across that address, no function
 * begins there, and the padding counts up to the address after it.
 */
static size_t empty_bytes(const struct libc *linker, uintptr_t entry)
{
	const size_t room = FUNCTION_ALIGN - entry % FUNCTION_ALIGN;
	const size_t bytes = entry_empty_bytes((const unsigned char *)entry, room);
	size_t across;

	if (!bytes || bytes == room || entry + room + FUNCTION_ALIGN > linker->text_end)
		return bytes;
	across = entry_empty_bytes((const unsigned char *)entry, room + FUNCTION_ALIGN);
	return across > room ? across : bytes;
}

int loader_watch(void (*changed)(enum loader_change change))
{
	const struct r_debug *debug = NULL;
	struct libc linker;
	uintptr_t entry;
	size_t bytes;
	int failed;

	dl_iterate_phdr(read_program, &debug);
	if (!debug || debug->r_version < 1 || !debug->r_brk)
		return -ENOENT;
	entry = debug->r_brk;
	if (libc_find_object(&linker, entry) || entry < linker.text || entry >= linker.text_end)
		return -ENOENT;
	bytes = empty_bytes(&linker, entry);
	if (!bytes)
		return -EBUSY;
	announcement = debug;
	on_change = changed;
	failed = patch_entry(&linker, entry, bytes, announced);
	return failed ? failed : patch_install(&linker, NULL, 0);
}

bool loader_has_namespaces(void)
{
	const struct namespaces *namespace = (const void *)announcement;

	if (announcement->r_version < 2)
		return false;
	while ((namespace = namespace->next))
		if (namespace->first.r_map)
			return true;
	return false;
}
