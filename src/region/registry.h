/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All regions of the process: which feature owns which range of addresses.
 *
 * Features add their regions here; from then on calls of the program that touch one of them are
 * handled (calls/), and a fork's child gets its own pages (calls/fork.c). Regions never overlap.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

/*
 * What the owner of a region handles itself; each may be NULL. `by_libc`: the call comes from
 * libc's own text, as malloc's calls do. Called under the lock, unless described otherwise; `from`
 * is in the region.
 */
struct region_owner {
	/* The program unmaps [from, to). True: done. */
	bool (*unmap)(struct region *region, uintptr_t from, uintptr_t to);

	/* mremap of memory at `from`, not to a fixed address. True: *result is an address or
	 * -errno. */
	bool (*remap)(struct region *region, uintptr_t from, size_t bytes, size_t new_bytes,
		      bool may_move, bool by_libc, long *result);

	/* mprotect of [from, from + bytes), which may extend beyond the region. Without the
	 * lock. */
	bool (*protect)(struct region *region, uintptr_t from, size_t bytes, int protection,
			bool by_libc, long *result);

	/*
	 * Before a call that makes [from, to) readable and writable, from a page boundary on: by
	 * mprotect, if PAGE_RESERVED says that the memory was never used; or, with `replaced`, by a
	 * private anonymous mapping that replaces what is there.
	 *
	 * May itself map huge pages from `from` on, with their protection set in the same step, so
	 * that no thread can have written there before. Returns how many bytes. The call then
	 * covers the range up to *next, after which there may be more to map.
	 */
	size_t (*open)(struct region *region, uintptr_t from, uintptr_t to, bool replaced,
		       uintptr_t *next);

	/* After a mapping of the program, by the kernel, that replaced [from, to) so. */
	void (*opened)(struct region *region, uintptr_t from, uintptr_t to);

	/*
	 * For a move: place() finds address space for `bytes` in the same region, on a page
	 * boundary, with nothing mapped there; 0: none. The other maps readable, writable, zero
	 * memory on a part of it: 0, or -ENOMEM with nothing mapped. unmapped() frees the place.
	 */
	uintptr_t (*place)(struct region *region, size_t bytes);
	int (*fill)(struct region *region, uintptr_t from, uintptr_t to);

	/* After a call of the program that mapped something at [from, to), or unmapped it. */
	void (*mapped)(struct region *region, uintptr_t from, uintptr_t to);
	void (*unmapped)(struct region *region, uintptr_t from, uintptr_t to);

	/* Replaces a hugetlb page by base pages of the same content and rights. 0 or -errno. */
	int (*split)(struct region *region, size_t page);

	/* The end of what the program may use of the region; without it the units in use decide. */
	uintptr_t (*used_end)(const struct region *region);

	/* In a fork's child: spare memory of the region is gone. Without the lock: there is one
	 * thread. */
	void (*refit)(struct region *region);
};

/*
 * Adds a region, which must not move until it is removed. Under the lock, or while one thread runs.
 * Returns 0; -EEXIST: it overlaps another; -ENOSPC: there are too many (some ten thousand);
 * -ENOMEM.
 */
int registry_add(struct region *region);

/*
 * From now on the region is [start, limit), a part of its former range; and `second`, unless NULL,
 * is added for another part of it. Readers without the lock see both changes at once. Call it
 * before region_shrink(). Returns 0 or, with a second region, the errors above with nothing
 * changed.
 */
int registry_shrink(struct region *region, uintptr_t start, uintptr_t limit, struct region *second);

/*
 * Raises the region's limit, as region_grow() does, and registers the added range, if the region is
 * registered. Returns 0, or -ENOMEM with nothing changed: no memory, or another region or mapping
 * is there.
 */
int registry_grow(struct region *region, uintptr_t limit);

/*
 * Makes a registered region one that grows up to a new limit, with states of its own, to which
 * those so far are copied. Under the lock; nobody else changes states of the region meanwhile.
 * Returns 0, or -ENOMEM with nothing changed.
 */
int registry_widen(struct region *region, uintptr_t limit);

/* Is the address in the present or future states of a region that grows? Needs no lock. */
bool registry_in_states(uintptr_t address);

/* Does [from, to) touch a region, or a range that one may grow to? Call it while one thread
 * runs. */
bool registry_room_touch(uintptr_t from, uintptr_t to);

/* Removes the region; its memory stays mapped, and belongs to the program from now on. */
void registry_remove(struct region *region);

/*
 * Does [from, to) touch a region? Needs no lock, takes a few nanoseconds, and may be wrong about a
 * region that is being added or removed at this moment: check again under the lock before acting on
 * it.
 */
bool registry_touch(uintptr_t from, uintptr_t to);

/* The region that contains the address, or NULL. Needs no lock either. */
struct region *registry_at(uintptr_t address);

/* All of them by ascending address, terminated by NULL. Under the lock. */
struct region *registry_first(void);
struct region *registry_next(const struct region *region);

/* One region's part of a range. */
struct region_part {
	struct region *region;
	uintptr_t from, to;
};

/*
 * The next region's part of [*from, to); *from is set to the end of it. False: there is none. Under
 * the lock.
 */
bool registry_part(uintptr_t *from, uintptr_t to, struct region_part *part);

/*
 * The longest run from `from` on, up to `to`, that is on hugetlb pages of one region (*region says
 * which) or on none (*region is NULL: base pages, in a region or outside). Returns its end.
 */
uintptr_t registry_run(uintptr_t from, uintptr_t to, struct region **region);

#endif
