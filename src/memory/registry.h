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

#include "memory/region.h"

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

	/* A fork's child: spare memory of the region is gone. Without the lock: it is alone. */
	void (*refit)(struct region *region);
};

/*
 * Adds a region, which stays where it is until it is removed. Under the lock, or while one thread
 * runs. 0; -EEXIST: it overlaps with another; -ENOSPC: there are too many.
 */
int registry_add(struct region *region);

/* Removes it; what is mapped there stays, and is the program's alone from now on. */
void registry_remove(struct region *region);

/*
 * Does [from, to) touch a region? Needs no lock, takes a few nanoseconds, and may be wrong about a
 * region that comes or goes at this very moment: who acts on it asks again under the lock.
 */
bool registry_touch(uintptr_t from, uintptr_t to);

/* The region that holds the address, or NULL. Needs no lock either. */
struct region *registry_at(uintptr_t address);

/* The n-th region by address, or NULL: that was all. */
struct region *registry_nth(size_t n);

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

#endif
