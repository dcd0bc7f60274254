/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A range of address space that a feature owns, and what each piece of it is.
 *
 * A region is laid out where nobody maps anything, so that keeping it costs no system call: what
 * is not in use is not mapped. (Or over hugetlb pages that are there: region_adopt_huge().) It is
 * cut into huge pages, and these into units: a unit is the smaller of the huge page and 2 MiB, so
 * that many arenas fit into one page of 1 GiB.
 *
 * Nothing here takes a lock; callers say which lock keeps others off the same units.
 */
#ifndef REGION_H
#define REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/source.h"

struct region_owner;

/* Of a huge page. */
#define PAGE_HUGE      0x01 /* one hugetlb page is mapped here: all of its units are mapped */
#define PAGE_PROTECTED 0x02 /* the program set the rights of the whole page: see the next three */
#define PAGE_READ      0x04
#define PAGE_WRITE     0x08
#define PAGE_EXEC      0x10
#define PAGE_DONTFORK  0x20 /* the program's advice for the whole page */
#define PAGE_DONTDUMP  0x40
#define PAGE_RESERVED  0x80  /* mapped without access, and nothing of it was ever opened: zero */
#define PAGE_LOCKED    0x100 /* the program locked the whole page in memory */

#define PAGE_INHERITED  0x400 /* copied on writing, after a fork: no reservation protects it */
#define PAGE_NEEDED     0x800 /* during a fork: the thread that forks needs it at every instant */
#define PAGE_TEXT_RIGHT 0x200 /* with PAGE_PROTECTED: CPU_TEXT_RIGHT is among its rights */

/* The key that the program protected the whole page with, 1 to 15; 0: the one that all have. */
#define PAGE_KEY_SHIFT 12

/* Of a unit. */
#define UNIT_MAPPED 0x01 /* memory is here, of whatever page size */
#define UNIT_USED   0x02 /* handed out */
#define UNIT_FIRST  0x04 /* the first unit of a reservation (arenas.c) */
#define UNIT_DIRTY  0x08 /* mapped, not handed out, may hold anything */
#define UNIT_ALTERED                                                                             \
	0x10              /* the program changed a part: the kernel knows what is here, we don't \
			   */
#define UNIT_FOREIGN 0x20 /* somebody else's mapping: never used, never touched */
#define UNIT_MARKED  0x80 /* some of it has lasting advice of the program's (as WIPEONFORK) */
#define UNIT_PACKED  0x40 /* several small mappings share it (mmap/place.c) */

struct region {
	uintptr_t start, limit; /* multiples of the page */
	uintptr_t room;         /* region_grow() may raise the limit up to here */
	uintptr_t behind;       /* nothing of the region's, its states included, is here or above */
	size_t page_bytes, unit_bytes, base_bytes; /* base: the kernel's small page */
	uintptr_t high; /* nothing at or above it was ever mapped or in use by the owner */
	uint16_t *pages;
	unsigned char *units;
	unsigned char *mapped_states; /* where both are, if the region mapped them, and how much */
	size_t mapped_state_bytes;
	bool grows; /* the states are behind the room, mapped up to those of the limit */
	struct source *source;
	size_t transparent_left; /* so many bytes of growth take no hugetlb pages */

	/* set by the owner after region_make() */
	const char *name; /* of what is here, for people */
	const struct region_owner *owner;
	bool by_program; /* the program chose the place: a hint into it is honoured */
	bool running;    /* a program's text or data: its code, libc's and ours need it at every
			    instant */
	bool may_go;     /* it may be unmapped or replaced at any moment, not by the program: not to
			    be read */
	bool text; /* pages of a file that all processes may share: never written to as they are */
};

/*
 * Fills in a region over [start, limit). Returns 0, or -errno of the map that holds its states;
 * nothing is left then. The range itself stays untouched.
 */
int region_make(struct region *region, uintptr_t start, uintptr_t limit, struct source *source);

/*
 * The same where nobody maps anything in [start, behind), which may be many times the machine's
 * memory: the region begins with a small part of it, and region_grow() makes it larger as it is
 * needed. States of what it never came to are not mapped: they would count where the program locks
 * all of its memory (mlockall), or where its address space is limited. They never move.
 */
int region_make_growing(struct region *region, uintptr_t start, uintptr_t behind,
			struct source *source);

/*
 * What the limit should become so that there are so many bytes more: at least twice as far from the
 * start, so that it is rarely raised. 0: there is no room.
 */
uintptr_t region_next_limit(const struct region *region, size_t bytes);

/*
 * Raises the limit of a region that is not in the registry (registry_grow() is for those that are).
 * 0; -ENOMEM: no memory, or something else is mapped there.
 */
int region_grow(struct region *region, uintptr_t limit);

/* The same for memory that is there already, or is about to come into holes between other memory:
 * the states are far from it (pages/aside.h). */
int region_make_aside(struct region *region, uintptr_t start, uintptr_t limit,
		      struct source *source);

/*
 * The same with memory for the states that the caller lends, all zero: so many bytes of it, at an
 * even address. It can't fail, and region_drop() leaves that memory alone.
 */
void region_make_in(struct region *region, uintptr_t start, uintptr_t limit, struct source *source,
		    unsigned char *states);
size_t region_state_bytes(size_t bytes, const struct source *source);

/* Forgets the region; what is mapped in it stays mapped. */
void region_drop(struct region *region);

/* Forgets all but [start, limit), whole pages of it. Not while it is in the registry. */
void region_shrink(struct region *region, uintptr_t start, uintptr_t limit);

static inline bool region_touches(const struct region *region, uintptr_t from, uintptr_t to)
{
	return from < region->limit && to > region->start;
}

static inline size_t region_page(const struct region *region, uintptr_t address)
{
	return (address - region->start) / region->page_bytes;
}

static inline size_t region_unit(const struct region *region, uintptr_t address)
{
	return (address - region->start) / region->unit_bytes;
}

static inline uintptr_t region_page_address(const struct region *region, size_t page)
{
	return region->start + page * region->page_bytes;
}

static inline uintptr_t region_unit_address(const struct region *region, size_t unit)
{
	return region->start + unit * region->unit_bytes;
}

/* Is the byte at address on a hugetlb page? */
static inline bool region_huge_at(const struct region *region, uintptr_t address)
{
	return region->pages[region_page(region, address)] & PAGE_HUGE;
}

/*
 * Makes all units of [from, to) mapped, down the ladder, and takes huge pages, not small ones, on
 * to wanted, which is at least to. from and to are multiples of the unit, wanted of the page.
 * Memory that was not mapped before is zero. Returns 0, or -ENOMEM with what this call mapped
 * left mapped but dirty-free and not in use, so that a later call finds it.
 */
int region_map(struct region *region, uintptr_t from, uintptr_t to, uintptr_t wanted);

/* The same on base pages, with the advice to become transparent huge ones, or without it. */
int region_map_small(struct region *region, uintptr_t from, uintptr_t to, bool thp);

/*
 * Gives back what is not in use in the pages that [from, to) touches: hugetlb pages none of whose
 * units are in use, and small units. Units in use stay.
 */
void region_give_back(struct region *region, uintptr_t from, uintptr_t to);

/* Whole pages that are there already, hugetlb ones and populated: in use from now on. */
void region_adopt_huge(struct region *region, uintptr_t from, uintptr_t to);

/* Marks the units of [from, to) handed out, or no longer: then dirty where they stay mapped. */
void region_use(struct region *region, uintptr_t from, uintptr_t to);
void region_unuse(struct region *region, uintptr_t from, uintptr_t to);

/* Makes what is dirty in [from, to), whole units, zero; altered units anew. 0 or -errno. */
int region_clear_dirty(struct region *region, uintptr_t from, uintptr_t to);

/* Gives all memory of the range back and maps it anew, small and empty, on [from, to) alone. */
int region_renew_small(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The page is no hugetlb page any more: its units get these flags, beside USED, FIRST, MARKED and
 * PACKED, which stay.
 */
void region_set_small(struct region *region, size_t page, unsigned char unit_flags);

/* Ends of the run of pages from `page` on, before `end`, that are hugetlb (or are not). */
size_t region_run(const struct region *region, size_t page, size_t end, bool huge);

#endif
