/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture.c: mremap in all its ways.
 */
#ifndef TORTURE_MOVES_H
#define TORTURE_MOVES_H

#include "torture_calls.h"

/*
 * By hand, where the kernel says that this is more than one mapping. The old place goes, or stays
 * and is empty.
 */
static char *move_by_hand(struct slot *slot, size_t first, size_t count, size_t new_count, char *to,
			  bool stays)
{
	const struct page *pages = slot->pages + first;
	size_t both = count < new_count ? count : new_count;
	char *from = slot->at + first * BASE;
	char *at = mmap(to, new_count * BASE, RW, ANONYMOUS | (to ? MAP_FIXED : 0), -1, 0);

	CHECK(at != MAP_FAILED && !mprotect(from, count * BASE, RW), "step %lu: by hand", step);
	for (size_t i = 0; i < both; i++)
		if (!(pages[i].marks & GUARDED))
			memcpy(at + i * BASE, from + i * BASE, BASE);
		else
			CHECK(!madvise(at + i * BASE, BASE, ADVICE_GUARD_INSTALL), "a guard");
	if (pages->marks & WIPED_IN_CHILD)
		CHECK(!madvise(at, new_count * BASE, ADVICE_WIPEONFORK), "advice");
	if (pages->marks & LOCKED)
		CHECK(!mlock(at, new_count * BASE), "locks");
	if (pages->marks & NOT_IN_CHILD)
		CHECK(!madvise(at, new_count * BASE, MADV_DONTFORK), "advice");
	CHECK(!mprotect(at, new_count * BASE, pages->rights), "step %lu: by hand", step);
	if (stays)
		CHECK(!madvise(from, count * BASE, MADV_DONTNEED) &&
			      !mprotect(from, count * BASE, pages->rights),
		      "step %lu: by hand", step);
	else
		CHECK(!munmap(from, count * BASE), "step %lu: by hand", step);
	return at;
}

/* A place in another slot for that many pages, now and then. */
static char *some_target(const struct slot *slot, size_t count, struct slot **target, size_t *first)
{
	size_t unused;

	*target = NULL;
	if (rnd(3))
		return NULL;
	*target = some_part(first, &unused);
	if (*target == slot || (*target)->count - *first < count)
		*target = NULL;
	return *target ? (*target)->at + *first * BASE : NULL;
}

/* With MREMAP_DONTUNMAP: what was there is elsewhere, and what is there is empty. */
static void move_and_stay(void)
{
	size_t first, count, to_first;
	struct slot *slot = some_part(&first, &count), *target;
	struct page *moved;
	char *at, *to;

	if (!slot || slot_count + 4 > SLOTS || !is_even(slot, first, count) ||
	    all_pages + count > pages_max ||
	    any_marks(slot, first, count, LOCKED | OF_FILE | GUARDED))
		return;
	to = some_target(slot, count, &target, &to_first);
	at = mremap(slot->at + first * BASE, count * BASE, count * BASE,
		    MREMAP_MAYMOVE | REMAP_DONTUNMAP | (to ? MREMAP_FIXED : 0), to);
	if (at == MAP_FAILED && errno == EINVAL) /* before Linux 5.7 */
		return;
	if (at == MAP_FAILED) {
		CHECK(errno == EFAULT, "step %lu: mremap: %s", step, strerror(errno));
		at = move_by_hand(slot, first, count, count, to, true);
	}
	CHECK(!to || at == to, "step %lu: mremap to another place", step);
	moved = target ? target->pages + to_first : new_slot(at, count, 0)->pages;
	memcpy(moved, slot->pages + first, count * sizeof(*moved));
	for (size_t i = first; i < first + count; i++)
		note_advice(&slot->pages[i], MADV_DONTNEED);
}

/* It shrinks where it is. */
static void shrink(struct slot *slot, size_t first, size_t count, size_t new_count)
{
	char *from = slot->at + first * BASE;

	CHECK(mremap(from, count * BASE, new_count * BASE, 0) == from, "step %lu: shrinking: %s",
	      step, strerror(errno));
	if (count == new_count)
		return;
	if (alone)
		probe(from + new_count * BASE, PROT_NONE);
	cut(slot, first + new_count, count - new_count);
}

static void move(void)
{
	size_t first, count, new_count, to_first = 0;
	struct slot *slot = some_part(&first, &count), *target = NULL;
	char *from, *at, *to;
	struct page *moved;

	if (!slot || slot_count + 4 > SLOTS || any_marks(slot, first, count, OF_FILE))
		return;
	from = slot->at + first * BASE;
	if (!is_even(slot, first, count)) {
		/* growth of what is more than one mapping */
		at = mremap(from, count * BASE, (count + 1) * BASE, MREMAP_MAYMOVE);
		CHECK(at == MAP_FAILED, "step %lu: mremap of two mappings", step);
		add_result(-1);
		return;
	}
	new_count = rnd(3) ? count + rnd(600) : 1 + rnd(count);
	if (all_pages + new_count > pages_max || new_count > PAGES_MAX)
		return;
	to = some_target(slot, new_count, &target, &to_first);
	if (!target && new_count <= count) {
		shrink(slot, first, count, new_count);
		return;
	}
	at = mremap(from, count * BASE, new_count * BASE, MREMAP_MAYMOVE | (to ? MREMAP_FIXED : 0),
		    to);
	if (at == MAP_FAILED) {
		CHECK(errno == EFAULT, "step %lu: mremap: %s", step, strerror(errno));
		at = move_by_hand(slot, first, count, new_count, to, false);
	}
	CHECK(!to || at == to, "step %lu: mremap to another place", step);
	moved = need(calloc(new_count, sizeof(*moved)));
	memcpy(moved, slot->pages + first,
	       (count < new_count ? count : new_count) * sizeof(*moved));
	for (size_t i = count; i < new_count; i++) {
		moved[i].rights = moved[0].rights;
		moved[i].marks = moved[0].marks & OF_MAPPING;
	}
	if (target)
		memcpy(target->pages + to_first, moved, new_count * sizeof(*moved));
	else if (at == from) /* a slot of its own, behind which the old one can't go on */
		CHECK(first + count == slot->count, "step %lu: grew over a mapping", step);
	cut(slot, first, count);
	if (!target)
		memcpy(new_slot(at, new_count, 0)->pages, moved, new_count * sizeof(*moved));
	free(moved);
}

#endif
