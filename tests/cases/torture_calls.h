/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture.c: calls on random parts of mappings, and what each means for the model. mremap is in
 * torture_moves.h.
 */
#ifndef TORTURE_CALLS_H
#define TORTURE_CALLS_H

#include "torture_model.h"

#define PAGES_MAX ((size_t)48 << 8) /* 48M in one slot */
#define ALL_PAGES ((size_t)200 << 8)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

/* Newer than the oldest headers that we build with; the values are the kernel's. */
#define ADVICE_WIPEONFORK      18
#define ADVICE_KEEPONFORK      19
#define ADVICE_COLD            20
#define ADVICE_PAGEOUT         21
#define ADVICE_POPULATE_READ   22
#define ADVICE_POPULATE_WRITE  23
#define ADVICE_DONTNEED_LOCKED 24
#define ADVICE_GUARD_INSTALL   102
#define ADVICE_GUARD_REMOVE    103
#define REMAP_DONTUNMAP        4

#define FILE_PAGES 1024

static size_t pages_max = ALL_PAGES; /* of one thread */
static int file;

/* What is free stays free until this thread maps it: no other thread runs. */
static __thread bool alone;

/* A size: small, a share of a huge page, some huge pages with or without a tail. */
static size_t some_pages(void)
{
	switch (rnd(6)) {
	case 0:
		return 1 + rnd(16);
	case 1:
		return (size_t)64 << rnd(3);
	case 2:
		return 512 * (1 + rnd(6));
	case 3:
		return 1 + rnd(512);
	case 4:
		return 512 * rnd(5) + 1 + rnd(64);
	default:
		return 512 + rnd(3000);
	}
}

static void map(void)
{
	const int flags = ANONYMOUS | (rnd(8) ? 0 : MAP_NORESERVE) | (rnd(16) ? 0 : MAP_POPULATE);
	size_t count = some_pages();
	int rights = rnd(4) ? RW : PROT_NONE;
	char *at;

	if (slot_count + 4 > SLOTS || all_pages + count > pages_max)
		return;
	at = mmap(NULL, count * BASE, rights, flags, -1, 0);
	CHECK(at != MAP_FAILED, "step %lu: mmap of %zu pages: %s", step, count, strerror(errno));
	new_slot(at, count, rights);
}

/* A part of a slot: often a short one, sometimes all of it. */
static struct slot *some_part(size_t *first, size_t *count)
{
	struct slot *slot = slot_count ? &slots[rnd(slot_count)] : NULL;

	if (!slot)
		return NULL;
	*first = rnd(slot->count);
	*count = 1 + rnd(rnd(3) && slot->count - *first > 20 ? 20 : slot->count - *first);
	switch (rnd(8)) {
	case 0:
		*first = 0;
		*count = slot->count;
		break;
	case 1: /* whole huge pages, if there are any */
		if (slot->count >= 1024) {
			*first = 512 * rnd(slot->count / 512);
			*count = 512;
		}
		break;
	}
	return slot;
}

/* What was unmapped is unmapped, and free for who asks for that very place. */
static void look_at_hole(struct slot *slot, size_t first, size_t count)
{
	char *at = slot->at + first * BASE;

	probe(at, PROT_NONE);
	probe(at + (count - 1) * BASE, PROT_NONE);
	add_result(mprotect(at, BASE, PROT_READ));
	add_result(madvise(at, count * BASE, MADV_DONTNEED));
	add_result(mlock(at, BASE));
	if (first) {
		add_result(mprotect(at - BASE, 2 * BASE, slot->pages[first - 1].rights));
		add_result(madvise(at - BASE, 2 * BASE, MADV_WILLNEED));
		add_result(msync(at - BASE, 2 * BASE, MS_ASYNC));
	}
}

static void map_into_hole(char *at, size_t count)
{
	int rights = rnd(3) ? RW : PROT_NONE;

	CHECK(mmap(at, count * BASE, rights, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at,
	      "step %lu: mmap of what is free: %s", step, strerror(errno));
	new_slot(at, count, rights);
}

static void unmap(void)
{
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	char *at;

	if (!slot)
		return;
	if (slot_count + 8 > SLOTS) {
		first = 0;
		count = slot->count;
	}
	at = slot->at + first * BASE;
	CHECK(!munmap(at, count * BASE - rnd(BASE)), "step %lu: munmap: %s", step, strerror(errno));
	if (alone)
		look_at_hole(slot, first, count);
	cut(slot, first, count);
	if (!rnd(4) && alone)
		map_into_hole(at, count);
}

static void protect(void)
{
	static const int all_rights[] = {PROT_NONE, PROT_READ, RW, RW};
	int rights = all_rights[rnd(4)];
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	if (!slot)
		return;
	CHECK(!mprotect(slot->at + first * BASE, count * BASE, rights), "step %lu: mprotect: %s",
	      step, strerror(errno));
	for (size_t i = first; i < first + count; i++)
		slot->pages[i].rights = (unsigned char)rights;
}

/* As runtimes do with what they reserved: the next part of it becomes memory, in one of two ways.
 */
static void commit(void)
{
	size_t first, count, more = 1 + rnd(rnd(2) ? 1024 : 64);
	struct slot *slot = some_part(&first, &count);
	bool by_rights = rnd(2);
	int reserve = rnd(2) ? MAP_NORESERVE : 0;
	char *at;

	if (!slot)
		return;
	for (first = 0; first < slot->count && slot->pages[first].rights != PROT_NONE; first++)
		;
	for (count = 0; count < more && first + count < slot->count; count++)
		if (slot->pages[first + count].rights != PROT_NONE)
			break;
	at = slot->at + first * BASE;
	if (!count)
		return;
	if (by_rights)
		CHECK(!mprotect(at, count * BASE, RW), "step %lu: %s", step, strerror(errno));
	else
		CHECK(mmap(at, count * BASE, RW, ANONYMOUS | MAP_FIXED | reserve, -1, 0) == at,
		      "step %lu: %s", step, strerror(errno));
	for (size_t i = first; i < first + count; i++) {
		if (!by_rights)
			slot->pages[i] = (struct page){0};
		slot->pages[i].rights = RW;
	}
}

static void map_over(void)
{
	int rights = rnd(3) ? RW : rnd(2) ? PROT_NONE : PROT_READ;
	int flags = ANONYMOUS | MAP_FIXED | (rnd(4) ? 0 : MAP_NORESERVE);
	bool of_file = !rnd(8);
	size_t first, count, offset;
	struct slot *slot = some_part(&first, &count);
	char *at;

	if (!slot)
		return;
	if (of_file && count > FILE_PAGES)
		count = FILE_PAGES;
	offset = of_file ? rnd(FILE_PAGES - count + 1) : 0;
	at = slot->at + first * BASE;
	if (of_file)
		flags = MAP_PRIVATE | MAP_FIXED;
	CHECK(mmap(at, count * BASE, rights, flags, of_file ? file : -1, (off_t)(offset * BASE)) ==
		      at,
	      "step %lu: mmap over: %s", step, strerror(errno));
	for (size_t i = 0; i < count; i++) {
		uint32_t seed = of_file ? (uint32_t)(offset + i) * 2 + 1 : 0;

		slot->pages[first + i] = (struct page){.seed = seed,
						       .empty = seed,
						       .rights = (unsigned char)rights,
						       .marks = of_file ? OF_FILE : 0};
	}
	/* what is mapped is no room for another */
	errno = 0;
	if (!rnd(4))
		add_result(mmap(at, BASE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED
				   ? -1
				   : 0);
}

/* What a piece of advice that was taken means for a page. */
static void note_advice(struct page *page, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case ADVICE_DONTNEED_LOCKED:
		page->seed = page->empty;
		page->marks &= (unsigned char)~FREED;
		break;
	case MADV_FREE:
		page->marks |= FREED;
		break;
	case ADVICE_WIPEONFORK:
		page->marks |= WIPED_IN_CHILD;
		break;
	case ADVICE_KEEPONFORK:
		page->marks &= (unsigned char)~WIPED_IN_CHILD;
		break;
	case MADV_DONTFORK:
		page->marks |= NOT_IN_CHILD;
		break;
	case MADV_DOFORK:
		page->marks &= (unsigned char)~NOT_IN_CHILD;
		break;
	case ADVICE_GUARD_INSTALL:
		if (page->marks & GUARDED)
			break;
		page->seed = page->empty;
		page->marks = (unsigned char)((page->marks & ~FREED) | GUARDED);
		break;
	case ADVICE_GUARD_REMOVE:
		page->marks &= (unsigned char)~GUARDED;
		break;
	}
}

static void advise(void)
{
	static const int advices[] = {MADV_DONTNEED,
				      MADV_DONTNEED,
				      MADV_DONTNEED,
				      MADV_FREE,
				      MADV_FREE,
				      MADV_WILLNEED,
				      MADV_HUGEPAGE,
				      MADV_NOHUGEPAGE,
				      MADV_DONTDUMP,
				      MADV_DODUMP,
				      MADV_SEQUENTIAL,
				      MADV_NORMAL,
				      MADV_DONTFORK,
				      MADV_DOFORK,
				      MADV_REMOVE,
				      ADVICE_WIPEONFORK,
				      ADVICE_KEEPONFORK,
				      ADVICE_COLD,
				      ADVICE_PAGEOUT,
				      ADVICE_POPULATE_READ,
				      ADVICE_POPULATE_WRITE,
				      ADVICE_DONTNEED_LOCKED,
				      ADVICE_GUARD_INSTALL,
				      ADVICE_GUARD_REMOVE,
				      12345};
	int advice = advices[rnd(sizeof(advices) / sizeof(advices[0]))];
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	if (!slot)
		return;
	/* Where some of the mappings refuse it, those before them have taken it. */
	if (any_marks(slot, first, count, LOCKED | OF_FILE) && !is_even(slot, first, count))
		count = 1;
	if (trace)
		fprintf(stderr, "advice %d of %zu pages, marks %x:\n", advice, count,
			(unsigned int)slot->pages[first].marks);
	if (add_result(madvise(slot->at + first * BASE, count * BASE, advice)))
		return;
	for (size_t i = first; i < first + count; i++)
		note_advice(&slot->pages[i], advice);
}

static void lock(void)
{
	static unsigned char resident[PAGES_MAX];
	bool on = rnd(2);
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	char *at;

	/* A process that may not lock without a limit may be refused on small pages only. */
	if (!slot || geteuid() || !is_even(slot, first, count) ||
	    any_marks(slot, first, count, GUARDED) || !(slot->pages[first].rights & PROT_READ))
		return;
	at = slot->at + first * BASE;
	if (add_result(on ? mlock(at, count * BASE) : munlock(at, count * BASE)))
		return;
	for (size_t i = first; i < first + count; i++)
		slot->pages[i].marks =
			(unsigned char)((slot->pages[i].marks & ~LOCKED) | (on ? LOCKED : 0));
	if (!on || !alone)
		return;
	CHECK(!mincore(at, count * BASE, resident), "step %lu: mincore: %s", step, strerror(errno));
	for (size_t i = 0; i < count; i++)
		CHECK(resident[i] & 1, "step %lu: page %zu is locked, and not in memory", step, i);
}

#endif
