/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a loaded object says about itself, by its headers, notes and dynamic table in memory.
 */
#include <errno.h>
#include <string.h>

#include "base/align.h"
#include "segments/share_text.h"

static bool has_text_relocations(const ElfW(Dyn) * dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == DT_TEXTREL ||
		    (dynamic->d_tag == DT_FLAGS && dynamic->d_un.d_val & DF_TEXTREL))
			return true;
	return false;
}

/* Notes are a header, a name and a description, each in whole units of the segment's alignment. */
static void read_notes(const unsigned char *at, size_t bytes, size_t align, struct share_text *text)
{
	align = align == 8 ? 8 : 4;
	while (bytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t name_end = sizeof(*note) + (size_t)note->n_namesz;
		size_t start = align_up(name_end, align);
		size_t end = start + note->n_descsz;

		if (end > bytes)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    !memcmp(note + 1, "GNU", sizeof("GNU")) && note->n_descsz &&
		    note->n_descsz <= SHARE_BUILD_ID_BYTES_MAX) {
			memcpy(text->build_id, at + start, note->n_descsz);
			text->build_id_bytes = note->n_descsz;
			return;
		}
		end = align_up(end, align);
		if (end >= bytes)
			return;
		at += end;
		bytes -= end;
	}
}

bool share_text_has_relocations(const ElfW(Phdr) * headers, int count, uintptr_t base)
{
	for (int i = 0; i < count; i++)
		if (headers[i].p_type == PT_DYNAMIC &&
		    has_text_relocations((const void *)(base + headers[i].p_vaddr)))
			return true;
	return false;
}

int share_text_read(const struct dl_phdr_info *object, struct share_text *text)
{
	text->build_id_bytes = 0;
	text->fixed = !object->dlpi_addr;
	if (share_text_has_relocations(object->dlpi_phdr, object->dlpi_phnum, object->dlpi_addr))
		return -ENOEXEC;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];
		const void *at = (const void *)(object->dlpi_addr + header->p_vaddr);

		if (header->p_type == PT_NOTE && !text->build_id_bytes)
			read_notes(at, header->p_memsz, header->p_align, text);
	}
	return 0;
}
