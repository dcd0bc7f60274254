/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libc's malloc gets when it asks for memory: a break of ours, arenas and blocks in the zone.
 *
 * The calls come by memory/calls.c, which says who may call what.
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From now on; after the trial. The heap's regions are registered and the break is ours: 0, -errno.
 */
int owner_begin(void);

/* The mapper of the heap (calls/state.h), for who stands in front of it. */
uintptr_t owner_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc);

/* Undoes it, as far as it came. */
void owner_end(void);

#endif
