/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves memory requests of libc and the program from the region of mappings.
 */
#ifndef MMAP_OWNER_H
#define MMAP_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/registry.h"

extern const struct region_owner mmap_owner;

/* Serves mmap; a calls_mapper (calls/state.h). */
uintptr_t mmap_owner_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc);

#endif
