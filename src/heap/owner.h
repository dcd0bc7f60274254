/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves the memory requests of libc's malloc: the library's break, and arenas and blocks in the
 * zone.
 *
 * The calls come from calls/, whose files decide which caller gets what.
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes effect at once, after the trial: the heap's regions are registered and the break is the
 * library's. Returns 0 or -errno. */
int heap_owner_begin(void);

/* The system call brk, for a main heap that begins at its region's start. */
long heap_owner_system_call(uintptr_t address);

/* The heap's mapper (calls/state.h), for a mapper that precedes it. */
uintptr_t heap_owner_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc);

/* The zone, which has just been laid out. Under the lock. */
void heap_owner_add_zone(void);

/* Undoes it, however far it got. */
void heap_owner_end(void);

#endif
