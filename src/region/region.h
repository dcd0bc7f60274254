/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A range of address space that a feature owns, and the state of each piece of it.
 *
 * A region is placed where nothing is mapped, so that keeping it costs no system call: what is not
 * in use is not mapped. (Exception: region_adopt_huge(), for hugetlb pages that are already
 * mapped.) It is divided into huge pages, and these into units: a unit is the smaller of the huge
 * page and 2 MiB, so that many arenas fit into one page of 1 GiB.
 *
 * Nothing here takes a lock; callers state which lock keeps others from the same units.
 */
#ifndef REGION_H
#define REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/source.h"

struct region_owner;

/* States of a huge page. */
#define PAGE_HUGE      0x01 /* one hugetlb page is mapped here: all of its units are mapped */
#define PAGE_PROTECTED 0x02 /* the program set the whole page's protection, to these: */
#define PAGE_READ      0x04
#define PAGE_WRITE     0x08
#define PAGE_EXEC      0x10
#define PAGE_DONTFORK  0x20 /* the program's advice for the whole page */
#define PAGE_DONTDUMP  0x40
#define PAGE_RESERVED  0x80  /* mapped without access, and no part of it was ever opened: zero */
#define PAGE_LOCKED    0x100 /* the program locked the whole page in memory */

#define PAGE_TEXT_RIGHT 0x200 /* with PAGE_PROTECTED: its protection includes CPU_TEXT_RIGHT */
#define PAGE_INHERITED  0x400 /* copied on write after a fork: no reservation protects it */
#define PAGE_NEEDED     0x800 /* during a fork: the forking thread needs it at every instant */

/* The protection key that the program set for the whole page, 1 to 15; 0: the default key. */
#define PAGE_KEY_SHIFT 12

/* States of a unit. */
#define UNIT_MAPPED  0x01 /* memory is here, of whatever page size */
#define UNIT_USED    0x02 /* allocated to the program */
#define UNIT_FIRST   0x04 /* the first unit of a reservation (heap/zone.c) */
#define UNIT_DIRTY   0x08 /* mapped, not allocated, may contain anything */
#define UNIT_ALTERED 0x10 /* the program changed a part: the kernel knows what is here */
#define UNIT_FOREIGN 0x20 /* a foreign mapping: never used, never touched */
#define UNIT_PACKED  0x40 /* several small mappings share it (mmap/placement.c) */
#define UNIT_MARKED  0x80 /* a part has lasting advice of the program (as WIPEONFORK) */

struct region {
	uintptr_t start, limit; /* multiples of the page */
	uintptr_t room;         /* region_grow() may raise the limit up to here */
	uintptr_t behind;       /* nothing of the region, including its states, is at or above
				 * this address */
	size_t page_bytes, unit_bytes, base_bytes; /* base: the kernel's small page */
	uintptr_t high; /* nothing at or above it was ever mapped or in use by the owner */
	uint16_t *pages;
	unsigned char *units;
	unsigned char *mapped_states; /* address and size of both tables, if the region mapped
				       * them */
	size_t mapped_state_bytes;
	bool grows; /* the states are after the room, mapped up to those of the limit */
	struct source *source;
	size_t transparent_left; /* how many bytes of growth take no hugetlb pages */

	/* set by the owner after region_make() */
	const char *name; /* what the memory is, for log lines */
	const struct region_owner *owner;
	bool by_program; /* the program chose the place: a hint into it is honoured */
	bool running;    /* text, or data of libc or of this library: their code needs it at every
			  * instant, also in a fork's child */
	bool data;       /* data segments, which the program writes to */
	bool may_go;     /* it may be unmapped or replaced at any moment, but not by the program:
			  * it must not be read */
	bool text;       /* pages of a file that all processes may share: never written in place */
	bool of_file;    /* with text: a copy of a file in the place of the program's mapping, which
			  * the owner can put back */
};

/*
 * Initializes a region over [start, limit). Returns 0, or the -errno of the mmap for its states,
 * with nothing left mapped. The range itself is not touched.
 */
int region_make(struct region *region, uintptr_t start, uintptr_t limit, struct source *source);

/*
 * The same for a range in which nothing is mapped, [start, behind), and which may be many times the
 * machine's memory: the region begins with a small part of it, and region_grow() extends it when
 * needed. States for the rest are not mapped, because they would count if the program locks all of
 * its memory (mlockall) or has a limited address space. States never move.
 */
int region_make_growing(struct region *region, uintptr_t start, uintptr_t behind,
			struct source *source);

/*
 * The limit that adds at least `bytes`: at least twice as far from the start as now, so that
 * it is rarely raised. 0: there is no space.
 */
uintptr_t region_next_limit(const struct region *region, size_t bytes);

/*
 * Raises the limit of a region that is not in the registry (use registry_grow() for those that
 * are). Returns 0; -ENOMEM: no memory, or something else is mapped there.
 */
int region_grow(struct region *region, uintptr_t limit);

/* The same for memory that is already mapped, or will be mapped into holes between other memory:
 * the states are far from it (base/aside.h). */
int region_make_aside(struct region *region, uintptr_t start, uintptr_t limit,
		      struct source *source);

/*
 * The same with memory for the states that the caller provides: region_state_bytes() of it, all
 * zero, at an even address. Cannot fail; region_drop() does not free that memory.
 */
void region_make_in(struct region *region, uintptr_t start, uintptr_t limit, struct source *source,
		    unsigned char *states);
size_t region_state_bytes(size_t bytes, const struct source *source);

/* The region becomes as wide as another one that begins at the same place, and takes over the
 * states of that one, to which its own are copied. */
void region_take_states(struct region *region, const struct region *wide);

/* Drops the region's states; what is mapped in it stays mapped. */
void region_drop(struct region *region);

/* Drops everything but [start, limit), in whole pages. Not for a region in the registry. */
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
 * Maps all units of [from, to), down the ladder, and takes further huge (not small) pages up to
 * wanted, which is at least to. from and to are multiples of the unit, wanted of the page. Memory
 * that was not mapped before is zero. Returns 0, or -ENOMEM; what this call has mapped then stays
 * mapped, clean and not in use, for a later call.
 */
int region_map(struct region *region, uintptr_t from, uintptr_t to, uintptr_t wanted);

/* The same on base pages, with or without the advice to become transparent huge pages. */
int region_map_small(struct region *region, uintptr_t from, uintptr_t to, bool thp);

/*
 * Unmaps what is not in use in the pages that [from, to) touches: hugetlb pages without a unit in
 * use, and small units. Units in use stay.
 */
void region_give_back(struct region *region, uintptr_t from, uintptr_t to);

/* Adds whole hugetlb pages that are already mapped and populated: they are in use from now on. */
void region_adopt_huge(struct region *region, uintptr_t from, uintptr_t to);

/* Marks the units of [from, to) as allocated, or as not allocated; in the latter case those that
 * stay mapped are dirty. */
void region_use(struct region *region, uintptr_t from, uintptr_t to);
void region_unuse(struct region *region, uintptr_t from, uintptr_t to);

/* Clears dirty memory in [from, to), whole units; altered units are mapped again. Returns 0 or
 * -errno. */
int region_clear_dirty(struct region *region, uintptr_t from, uintptr_t to);

/* Unmaps all memory of the range and maps only [from, to) again, small and empty. */
int region_renew_small(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The page is not a hugetlb page any more: its units get these flags, and keep USED, FIRST, MARKED
 * and PACKED.
 */
void region_set_small(struct region *region, size_t page, unsigned char unit_flags);

/* The end of the run of pages from `page` on, before `end`, that are hugetlb pages (or are not). */
size_t region_run(const struct region *region, size_t page, size_t end, bool huge);

#endif
