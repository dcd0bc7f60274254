/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The changes to program headers. Nothing here accesses a file.
 *
 * --align: the kernel (5.10 for programs with an interpreter, 6.10 for static ones) and ld.so
 * (glibc 2.35) load a position-independent object at a multiple of the highest p_align of its
 * loaded segments. ld.so refuses a segment whose address and offset differ modulo its own p_align,
 * so the alignment is raised only if they agree; data of a stock program is usually shifted by a
 * page, and keeps its alignment.
 */
#include <errno.h>
#include <stdint.h>

#include "tools/hugeedit/edit.h"

static bool is_kind(const GElf_Phdr *header, enum edit_kind kind)
{
	switch (kind) {
	case EDIT_TEXT:
		return header_is_text(header);
	case EDIT_DATA:
		return header_is_data(header);
	case EDIT_CONSTANTS:
		return header_is_constants(header);
	}
	return false;
}

int edit_mark(struct image *image, enum edit_kind kind)
{
	static const char *const missing[] = {
		[EDIT_TEXT] = "--text: no segment is executable",
		[EDIT_DATA] = "--data: no segment is writable",
	};
	bool found = false;

	for (size_t i = 0; i < image->header_count; i++) {
		GElf_Phdr *header = &image->headers[i];

		if (!is_kind(header, kind))
			continue;
		header->p_flags |= PF_LINUX_HUGETLB;
		found = true;
	}
	/* constants may be part of the text */
	if (found || kind == EDIT_CONSTANTS)
		return 0;
	return image_refuse(image, "%s", missing[kind]);
}

void edit_unmark(struct image *image)
{
	for (size_t i = 0; i < image->header_count; i++)
		image->headers[i].p_flags &= ~(GElf_Word)PF_LINUX_HUGETLB;
}

bool edit_is_congruent(const GElf_Phdr *header, size_t page_bytes)
{
	return !((header->p_vaddr - header->p_offset) & (page_bytes - 1));
}

int edit_align(struct image *image, size_t page_bytes)
{
	const GElf_Phdr *first = NULL;

	for (size_t i = 0; i < image->header_count; i++) {
		const GElf_Phdr *header = &image->headers[i];

		if (header->p_type != PT_LOAD)
			continue;
		if (!first)
			first = header;
		if ((header == first || header->p_flags & PF_X) &&
		    !edit_is_congruent(header, page_bytes))
			return image_refuse(
				image,
				"--align: segment %zu has address %#jx and offset %#jx, "
				"which differ modulo %zu: only linking again helps",
				i, (uintmax_t)header->p_vaddr, (uintmax_t)header->p_offset,
				page_bytes);
	}
	/* A program with fixed addresses cannot move, and already agrees with its file. */
	if (image->type == ET_EXEC)
		return 0;
	for (size_t i = 0; i < image->header_count; i++) {
		GElf_Phdr *header = &image->headers[i];

		if (header->p_type == PT_LOAD && !header_is_data(header) &&
		    header->p_align < page_bytes && edit_is_congruent(header, page_bytes))
			header->p_align = page_bytes;
	}
	return 0;
}
