/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Planning: see plan.h.
 */
#include <sys/mman.h>

#include "segments/plan.h"

/* The index of the first piece that ends above address, or count. */
static size_t piece_at(const struct plan_piece *pieces, size_t count, uintptr_t address)
{
	size_t low = 0;

	while (count > low) {
		size_t middle = low + (count - low) / 2;

		if (pieces[middle].end > address)
			count = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool takes_part(const struct plan_piece *piece, const struct plan_rules *rules)
{
	return piece->kind == rules->kind && piece->wanted;
}

/* Adds a piece's protection to a page's; false: they cannot be combined. */
static bool join_protection(const struct plan_rules *rules, int *page, int piece)
{
	if (*page == PROT_NONE || *page == piece) {
		*page = piece;
		return true;
	}
	if (!rules->merge || rules->kind != PLAN_TEXT)
		return false;
	*page |= piece;
	return true;
}

/*
 * May the rest of a page, whatever it contains, be taken as well? A segment that was aligned for
 * huge pages has it for itself; otherwise the rest must be a hole between segments of the object,
 * and the smaller part. If the break is in the page, the heap will grow into it.
 */
static bool may_fill_holes(const struct plan_piece *piece, const struct plan_rules *rules,
			   uintptr_t page, size_t covered, bool aligned)
{
	const uintptr_t end = page + rules->page_bytes;

	if (rules->break_now >= page && rules->break_now < end)
		return false;
	return aligned || (page >= piece->object_start && end <= piece->object_end &&
			   covered >= rules->page_bytes / 2);
}

/*
 * Can the huge page at `page` be taken? Fills in range for this page only. index is the first piece
 * that ends above the page's start.
 */
static bool take_page(const struct plan_piece *pieces, size_t count, const struct plan_rules *rules,
		      uintptr_t page, size_t index, struct plan_range *range)
{
	uintptr_t end = page + rules->page_bytes;
	const struct plan_piece *first = NULL, *object = NULL;
	bool aligned = true;
	size_t covered = 0;

	*range = (struct plan_range){.start = page, .end = end, .first_piece = index};
	for (size_t i = index; i < count && pieces[i].start < end; i++) {
		const struct plan_piece *piece = &pieces[i];
		uintptr_t from = piece->start > page ? piece->start : page;
		uintptr_t to = piece->end < end ? piece->end : end;

		if (piece->kind == PLAN_OTHER || (object && piece->object != object->object))
			return false;
		object = piece;
		if (piece->kind == PLAN_GAP)
			continue;
		if (!takes_part(piece, rules) ||
		    !join_protection(rules, &range->protection, piece->protection))
			return false;
		if (rules->congruent &&
		    (!piece->file || (piece->offset - piece->start) % rules->page_bytes))
			return false;
		if (!first)
			first = piece;
		aligned &= piece->align >= rules->page_bytes;
		covered += to - from;
	}
	if (!first)
		return false;
	range->object = first->object;
	range->segment = first->segment;
	if (covered == rules->page_bytes)
		return true;
	return rules->holes && !rules->congruent &&
	       may_fill_holes(first, rules, page, covered, aligned);
}

static bool continues(const struct plan_range *range, const struct plan_range *page)
{
	return page->protection == range->protection && page->object == range->object;
}

bool plan_next(const struct plan_piece *pieces, size_t count, const struct plan_rules *rules,
	       uintptr_t from, struct plan_range *range)
{
	const uintptr_t mask = rules->page_bytes - 1;
	uintptr_t page = (from + mask) & ~mask;

	for (size_t i = piece_at(pieces, count, page); i < count; i++) {
		struct plan_range next;

		if (!takes_part(&pieces[i], rules))
			continue;
		if ((pieces[i].start & ~mask) > page)
			page = pieces[i].start & ~mask;
		for (; page < pieces[i].end; page += rules->page_bytes) {
			size_t index = piece_at(pieces, count, page);

			if (!take_page(pieces, count, rules, page, index, range))
				continue;
			while (range->end > page) {
				page = range->end;
				index = piece_at(pieces, count, page);
				if (take_page(pieces, count, rules, page, index, &next) &&
				    continues(range, &next))
					range->end = next.end;
			}
			return true;
		}
	}
	return false;
}
