/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cutting mappings into pieces: see classify.h.
 */
#include <errno.h>
#include <layout.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "proc/maps.h"
#include "proc/pagemap.h"
#include "segments/classify.h"

static int protection_of(const struct smaps_mapping *mapping)
{
	return (mapping->rights[0] == 'r' ? PROT_READ : 0) |
	       (mapping->rights[1] == 'w' ? PROT_WRITE : 0) |
	       (mapping->rights[2] == 'x' ? PROT_EXEC : 0) |
	       (CPU_TEXT_RIGHT && strstr(mapping->flags, CPU_TEXT_RIGHT_FLAG) ? CPU_TEXT_RIGHT : 0);
}

static bool is_usable(const struct smaps_mapping *mapping, int protection)
{
	return mapping->rights[3] == 'p' && protection & PROT_READ &&
	       !(protection & PROT_WRITE && protection & PROT_EXEC);
}

/* The first segment whose pages end above address, or NULL. */
static const struct segment *segment_at(const struct found *found, uintptr_t address,
					size_t base_bytes)
{
	const struct segment *segments = found->segments.items;
	size_t low = 0, high = found->segments.count;

	while (high > low) {
		size_t middle = low + (high - low) / 2;
		uintptr_t end = align_up(segments[middle].end, base_bytes);

		if (end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low < found->segments.count ? &segments[low] : NULL;
}

/* An unusable mapping between two segments of an object belongs to the object. */
static void describe_gap(struct plan_piece *piece, const struct segment *next,
			 const struct found *found)
{
	const struct object *object = (const struct object *)found->objects.items + next->object;

	if (piece->protection != PROT_NONE || piece->start < object->start)
		return;
	piece->kind = PLAN_GAP;
	piece->object = next->object;
}

/*
 * Where the linker makes data read-only after relocation (RELRO): what is writable there now will
 * become read-only, and a part of a huge page cannot be protected.
 */
static void describe_segment(struct plan_piece *piece, const struct segment *segment,
			     const struct found *found)
{
	const struct object *object = (const struct object *)found->objects.items + segment->object;

	piece->object = segment->object;
	piece->segment = (unsigned int)(segment - (const struct segment *)found->segments.items);
	piece->object_start = object->start;
	piece->object_end = object->end;
	piece->align = segment->align;
	piece->wanted = segment->wanted;
	piece->kind = segment->flags & PF_W ? PLAN_DATA : PLAN_TEXT;
	if (piece->start < object->relro_end && piece->end > object->relro_start &&
	    piece->protection & PROT_WRITE)
		piece->kind = PLAN_OTHER;
	if (piece->kind == PLAN_TEXT && piece->protection & PROT_WRITE)
		piece->kind = PLAN_OTHER;
}

/* The latest end of a piece that begins at start, according to RELRO. */
static uintptr_t relro_cut(const struct found *found, const struct segment *segment,
			   uintptr_t start, uintptr_t end)
{
	const struct object *object = (const struct object *)found->objects.items + segment->object;

	if (object->relro_start > start && object->relro_start < end)
		return object->relro_start;
	if (object->relro_end > start && object->relro_end < end)
		return object->relro_end;
	return end;
}

int classify_add(struct vector *pieces, const struct smaps_mapping *mapping,
		 const struct found *found, size_t base_bytes)
{
	const uintptr_t mask = base_bytes - 1;
	const int protection = protection_of(mapping);
	uintptr_t end;

	for (uintptr_t start = mapping->start; start < mapping->end; start = end) {
		const struct segment *segment = segment_at(found, start, base_bytes);
		struct plan_piece *piece = vector_add(pieces);

		if (!piece)
			return -ENOMEM;
		end = mapping->end;
		*piece = (struct plan_piece){.start = start,
					     .kind = PLAN_OTHER,
					     .protection = protection,
					     .file = mapping->inode != 0,
					     .offset = mapping->offset + (start - mapping->start)};
		if (segment && (segment->start & ~mask) > start) {
			if ((segment->start & ~mask) < end)
				end = segment->start & ~mask;
			describe_gap(piece, segment, found);
		} else if (segment) {
			if (((segment->end + mask) & ~mask) < end)
				end = (segment->end + mask) & ~mask;
			end = relro_cut(found, segment, start, end);
			piece->end = end;
			if (is_usable(mapping, protection))
				describe_segment(piece, segment, found);
		}
		piece->end = end;
	}
	return 0;
}

/* A truncated list would show mappings as holes: it must reach the stack, which is far up. */
static bool is_complete(const struct vector *pieces, uintptr_t stack)
{
	const struct plan_piece *list = pieces->items;

	return pieces->count && list[pieces->count - 1].end > stack;
}

int classify_read(struct vector *pieces, const struct found *found)
{
	const size_t base_bytes = getauxval(AT_PAGESZ);
	struct smaps_mapping mapping;
	uint64_t at = 0;
	struct maps maps;
	int failed;

	*pieces = VECTOR_OF(struct plan_piece);
	/* smaps is slow, and its other fields are not needed here */
	failed = cpu_has_text_right() ? maps_open_with_flags(&maps) : maps_open(&maps, false);
	if (failed)
		return failed;
	for (; !failed && maps_above(&maps, at, &mapping); at = mapping.end)
		failed = classify_add(pieces, &mapping, found, base_bytes);
	maps_close(&maps);
	if (!failed && !is_complete(pieces, (uintptr_t)&maps))
		failed = -EIO;
	if (failed)
		vector_free(pieces);
	return failed;
}

/* Excluding changed text: one request to the page tables per piece of text. */

static bool is_to_be_checked(const struct plan_piece *piece, const struct found *found)
{
	const struct object *object;

	if (piece->kind != PLAN_TEXT || !piece->wanted || !piece->file)
		return false;
	object = (const struct object *)found->objects.items + piece->object;
	return !object_has_text_relocations(object->headers, object->header_count, object->base);
}

static bool add_part(struct vector *pieces, const struct plan_piece *whole, uintptr_t start,
		     uintptr_t end, enum plan_kind kind)
{
	struct plan_piece *piece = start < end ? vector_add(pieces) : NULL;

	if (start >= end)
		return true;
	if (!piece)
		return false;
	*piece = *whole;
	piece->start = start;
	piece->end = end;
	piece->kind = kind;
	piece->offset = whole->offset + (start - whole->start);
	return true;
}

/* Adds a piece, cut where it was changed. Returns how many bytes were cut out, or -ENOMEM. */
static long add_cut(struct vector *pieces, const struct plan_piece *piece,
		    const struct pagemap *pagemap)
{
	uintptr_t done = piece->start, changed = piece->start, end;
	long bytes = 0;

	while (pagemap_find_own(pagemap, &changed, piece->end, &end) > 0) {
		if (!add_part(pieces, piece, done, changed, piece->kind) ||
		    !add_part(pieces, piece, changed, end, PLAN_OTHER))
			return -ENOMEM;
		bytes += (long)(end - changed);
		done = changed = end;
	}
	return add_part(pieces, piece, done, piece->end, piece->kind) ? bytes : -ENOMEM;
}

static long any_changed(const struct vector *pieces, const struct found *found,
			const struct pagemap *pagemap)
{
	const struct plan_piece *list = pieces->items;

	for (size_t i = 0; i < pieces->count; i++)
		if (is_to_be_checked(&list[i], found) &&
		    pagemap_has_own(pagemap, list[i].start, list[i].end) > 0)
			return true;
	return false;
}

/* Makes the list with each piece cut where it was changed. Returns how many bytes were cut out, or
 * -ENOMEM. */
static long cut_all(struct vector *cut, const struct vector *pieces, const struct found *found,
		    const struct pagemap *pagemap)
{
	const struct plan_piece *list = pieces->items;
	long bytes = 0;

	for (size_t i = 0; i < pieces->count; i++) {
		long here = 0;

		if (is_to_be_checked(&list[i], found))
			here = add_cut(cut, &list[i], pagemap);
		else if (!add_part(cut, &list[i], list[i].start, list[i].end, list[i].kind))
			here = -ENOMEM;
		if (here < 0)
			return here;
		bytes += here;
	}
	return bytes;
}

long classify_exclude_changed(struct vector *pieces, const struct found *found)
{
	struct vector cut = VECTOR_OF(struct plan_piece);
	struct pagemap pagemap;
	long bytes = 0;

	pagemap_open(&pagemap);
	if (any_changed(pieces, found, &pagemap)) {
		bytes = cut_all(&cut, pieces, found, &pagemap);
		if (bytes < 0) {
			vector_free(&cut);
		} else {
			vector_free(pieces);
			*pieces = cut;
		}
	}
	pagemap_close(&pagemap);
	return bytes < 0 ? bytes : bytes / (long)getauxval(AT_PAGESZ);
}
