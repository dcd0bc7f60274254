/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All regions of the process: who owns which range of addresses.
 *
 * Features add their regions here, and then calls of the program that touch one of them are looked
 * at (calls.c), and a fork's child gets pages of its own (fork.c). Regions never overlap.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

/*
 * What the owner of a region does itself; each may be NULL. `by_libc`: the call comes from libc's
 * own text, as malloc's do. Under the lock, but where it says otherwise; `from` is in the region.
 */
struct region_owner {
	/* The program unmaps [from, to). True: done. */
	bool (*unmap)(struct region *region, uintptr_t from, uintptr_t to);

	/* mremap from `from` on, not to a fixed address. True: *result is an address or -errno. */
	bool (*remap)(struct region *region, uintptr_t from, size_t bytes, size_t new_bytes,
		      bool may_move, bool by_libc, long *result);

	/* Rights of [from, from + bytes), which may reach behind the region. Without the lock. */
	bool (*protect)(struct region *region, uintptr_t from, size_t bytes, int protection,
			bool by_libc, long *result);

	/*
	 * Before a call that makes [from, to) readable and writable, from a page's boundary on: by
	 * rights, where PAGE_RESERVED says that nothing ever was there, or, with `replaced`, by a
	 * private anonymous mapping in place of whatever is there.
	 *
	 * May put huge pages there itself, from `from` on, in one step with the rights, so that
	 * nobody can have written there before. Returns how many bytes. The call is to be made up
	 * to *next, where there may be more to put.
	 */
	size_t (*open)(struct region *region, uintptr_t from, uintptr_t to, bool replaced,
		       uintptr_t *next);

	/*
	 * For a move: address space for so many bytes in the same region, on a page's boundary,
	 * with nothing mapped there; 0: none. And memory on a part of it, readable and writable,
	 * zero: 0, or -ENOMEM with nothing mapped. The place is given back by unmapped().
	 */
	uintptr_t (*place)(struct region *region, size_t bytes);
	int (*fill)(struct region *region, uintptr_t from, uintptr_t to);

	/* After a call of the program that mapped something at [from, to), or unmapped it. */
	void (*mapped)(struct region *region, uintptr_t from, uintptr_t to);
	void (*unmapped)(struct region *region, uintptr_t from, uintptr_t to);

	/* Where what the program may use of the region ends; without it the units in use tell. */
	uintptr_t (*used_end)(const struct region *region);

	/* A fork's child: spare memory of the region is gone. Without the lock: it is alone. */
	void (*refit)(struct region *region);
};

/*
 * Adds a region, which stays where it is until it is removed. Under the lock, or while one thread
 * runs. 0; -EEXIST: it overlaps with another; -ENOSPC: there are too many (some ten thousand);
 * -ENOMEM.
 */
int registry_add(struct region *region);

/*
 * From now on the region is [start, limit), a part of what it was; and `second`, unless NULL, is
 * there, too, in another part of it. Who looks without the lock sees both at once. Before
 * region_shrink(). 0 or, with a second one, as above with nothing changed.
 */
int registry_shrink(struct region *region, uintptr_t start, uintptr_t limit, struct region *second);

/*
 * Raises the region's limit, as region_grow() does, and with it what is registered, where the
 * region is. 0, or -ENOMEM with nothing changed: no memory, or another region or mapping is there.
 */
int registry_grow(struct region *region, uintptr_t limit);

/* Is the address where a region may grow to, its states included? Needs no lock. */
bool registry_in_room(uintptr_t address);

/* Is the address where the states of a region that grows are, or will be? Needs no lock. */
bool registry_in_states(uintptr_t address);

/* Does [from, to) touch a region, or where one may grow to? While one thread runs. */
bool registry_room_touch(uintptr_t from, uintptr_t to);

/* Removes it; what is mapped there stays, and is the program's alone from now on. */
void registry_remove(struct region *region);

/*
 * Does [from, to) touch a region? Needs no lock, takes a few nanoseconds, and may be wrong about a
 * region that comes or goes at this very moment: who acts on it asks again under the lock.
 */
bool registry_touch(uintptr_t from, uintptr_t to);

/* The region that holds the address, or NULL. Needs no lock either. */
struct region *registry_at(uintptr_t address);

/* All of them by rising address, ended by NULL. Under the lock. */
struct region *registry_first(void);
struct region *registry_next(const struct region *region);

/* One region's part of a range. */
struct region_part {
	struct region *region;
	uintptr_t from, to;
};

/*
 * The next region's part of [*from, to); *from is what comes behind it then. False: there is none.
 * Under the lock.
 */
bool registry_part(uintptr_t *from, uintptr_t to, struct region_part *part);

/*
 * The longest run from `from` on, up to `to`, that is on hugetlb pages of one region (*region says
 * which) or on none (*region is NULL: the kernel's, in a region or outside). Returns its end.
 */
uintptr_t registry_run(uintptr_t from, uintptr_t to, struct region **region);

#endif
