/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For torture.c: what every small page of the program's mappings must hold and who may do what with
 * it, and the comparison of all that with what is there. Each thread has a model of its own.
 */
#ifndef TORTURE_MODEL_H
#define TORTURE_MODEL_H

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "test.h"

#define BASE  ((size_t)4096)
#define SLOTS 48
#define RW    (PROT_READ | PROT_WRITE)

/* What the program asked for on a page. The first ones make a mapping of its own to the kernel. */
#define WIPED_IN_CHILD 1
#define NOT_IN_CHILD   2
#define LOCKED         4
#define OF_FILE        8
#define FREED          16 /* it may be empty by now */
#define GUARDED        32
#define OF_MAPPING     (WIPED_IN_CHILD | NOT_IN_CHILD | LOCKED | OF_FILE)

struct page {
	uint32_t seed;  /* of its words; 0: the page is zero */
	uint32_t empty; /* the seed of what it holds when it is emptied: a file's page, or 0 */
	unsigned char rights, marks;
};

/* Memory without a hole. */
struct slot {
	char *at;
	size_t count;
	struct page *pages;
};

static __thread struct slot slots[SLOTS];
static __thread size_t slot_count, all_pages;
static __thread uint64_t hash, random_state;
static __thread int ends[2]; /* of a pipe */
static __thread unsigned long step;
static bool trace;

static inline uint64_t rnd(uint64_t below)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

static inline void add(uint64_t value)
{
	hash = (hash ^ value) * 0x100000001b3u;
}

/*
 * The kernel's answer, which must be the same with the library and without. TORTURE_TRACE shows all
 * of them on stderr, for diff to tell where two runs part.
 */
#define add_result(result) add_answer((long)(result), #result)

static inline int add_answer(long result, const char *call)
{
	const int error = result == -1 ? errno : 0;

	add((uint64_t)error);
	if (trace)
		fprintf(stderr, "step %lu: %s: %d\n", step, call, error);
	return error;
}

static inline uint64_t word(uint32_t seed, size_t i)
{
	return seed ? seed * 0x9e3779b97f4a7c15u + i : 0;
}

static inline void fill_page(char *at, uint32_t seed)
{
	uint64_t *words = (uint64_t *)at;

	for (size_t i = 0; i < BASE / 8; i++)
		words[i] = word(seed, i);
}

static inline int page_rights(const struct page *page)
{
	return page->marks & GUARDED ? PROT_NONE : page->rights;
}

static inline void check_page(const char *at, const struct page *page)
{
	const uint64_t *words = (const uint64_t *)at;
	uint32_t seed = page->seed;

	if (!(page_rights(page) & PROT_READ))
		return;
	if (page->marks & FREED && !words[0])
		seed = 0;
	for (size_t i = 0; i < BASE / 8; i++)
		CHECK(words[i] == word(seed, i),
		      "step %lu: %p word %zu is %" PRIx64 ", not %" PRIx64, step, (const void *)at,
		      i, words[i], word(seed, i));
}

static inline void check_all(void)
{
	for (size_t s = 0; s < slot_count; s++)
		for (size_t i = 0; i < slots[s].count; i++)
			check_page(slots[s].at + i * BASE, &slots[s].pages[i]);
}

/* By the kernel's own copying: may a byte there be read, and written? */
static inline void probe(char *at, int rights)
{
	char byte = 0;
	ssize_t got = write(ends[1], at, 1);

	CHECK((got == 1) == !!(rights & PROT_READ), "step %lu: %p %s", step, (void *)at,
	      got == 1 ? "can be read" : "can't be read");
	if (got != 1) {
		CHECK(errno == EFAULT, "step %lu: errno %d", step, errno);
		CHECK(write(ends[1], &byte, 1) == 1, "a pipe");
	}
	got = read(ends[0], at, 1);
	CHECK((got == 1) == !!(rights & PROT_WRITE), "step %lu: %p %s", step, (void *)at,
	      got == 1 ? "can be written" : "can't be written");
	if (got != 1)
		CHECK(read(ends[0], &byte, 1) == 1, "a pipe");
}

/* One line of /proc/self/maps, with every slot that lies in it: returns how many pages they share.
 */
static inline size_t compare_mapping(uintptr_t start, uintptr_t end, const char *rights)
{
	const int all = (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0) |
			(rights[2] == 'x' ? PROT_EXEC : 0);
	size_t shared = 0;

	for (size_t s = 0; s < slot_count; s++) {
		uintptr_t at = (uintptr_t)slots[s].at, slot_end = at + slots[s].count * BASE;
		const struct page *page = slots[s].pages;

		if (start > at)
			page += (start - at) / BASE;
		for (at = start > at ? start : at; at < end && at < slot_end; at += BASE) {
			CHECK(page->rights == all && rights[3] == 'p',
			      "step %lu: %lx has the rights %s, not %x", step, (unsigned long)at,
			      rights, page->rights);
			shared++;
			page++;
		}
	}
	return shared;
}

/* All pages are mapped, with their rights, as the kernel lists them. */
static inline void check_rights(void)
{
	FILE *maps = need(fopen("/proc/self/maps", "re"));
	unsigned long start, end, listed = 0;
	size_t found = 0;
	char line[512], rights[8];

	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3)
			continue;
		/* What another thread's mapping has grown by since it was read is listed again. */
		if (start < listed)
			start = listed;
		if (start < end)
			found += compare_mapping(start, end, rights);
		listed = end > listed ? end : listed;
	}
	fclose(maps);
	CHECK(found == all_pages, "step %lu: %zu pages of %zu are mapped", step, found, all_pages);
}

static inline struct slot *new_slot(char *at, size_t count, int rights)
{
	struct slot *slot = &slots[slot_count++];

	slot->at = at;
	slot->count = count;
	slot->pages = need(calloc(count, sizeof(struct page)));
	all_pages += count;
	for (size_t i = 0; i < count; i++)
		slot->pages[i].rights = (unsigned char)rights;
	return slot;
}

/* [first, first + count) is not the slot's any more: it becomes none, one or two. */
static inline void cut(struct slot *slot, size_t first, size_t count)
{
	size_t behind = slot->count - first - count;

	all_pages -= count;
	if (behind) {
		struct slot *rest = new_slot(slot->at + (first + count) * BASE, behind, 0);

		memcpy(rest->pages, slot->pages + first + count, behind * sizeof(struct page));
		all_pages -= behind;
	}
	slot->count = first;
	if (!first) {
		free(slot->pages);
		*slot = slots[--slot_count];
	}
}

/* One mapping to the kernel: the same rights, and the same of what is kept a mapping, in all of it?
 */
static inline bool is_even(const struct slot *slot, size_t first, size_t count)
{
	const struct page *page = &slot->pages[first];

	for (size_t i = 0; i < count; i++)
		if (page[i].rights != page->rights ||
		    (page[i].marks & OF_MAPPING) != (page->marks & OF_MAPPING))
			return false;
	return true;
}

static inline bool any_marks(const struct slot *slot, size_t first, size_t count, int marks)
{
	for (size_t i = first; i < first + count; i++)
		if (slot->pages[i].marks & marks)
			return true;
	return false;
}

#endif
