/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that somebody has changed: see changed_text.h. One look at the page tables per piece of
 * text.
 */
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "proc/pagemap.h"
#include "segments/changed_text.h"
#include "segments/plan.h"
#include "segments/share_text.h"

static bool is_to_be_checked(const struct plan_piece *piece, const struct found *found)
{
	const struct object *object;

	if (piece->kind != PLAN_TEXT || !piece->wanted || !piece->file)
		return false;
	object = (const struct object *)found->objects.items + piece->object;
	return !share_text_has_relocations(object->headers, object->header_count, object->base);
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

/* Adds a piece, cut where it is changed. Returns the bytes that are, or -ENOMEM. */
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

/* The list with each piece cut where it is changed. Returns the bytes that are, or -ENOMEM. */
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

long changed_text_exclude(struct vector *pieces, const struct found *found)
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
