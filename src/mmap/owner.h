/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the region of mappings does when libc or the program asks for memory.
 */
#ifndef MMAP_OWNER_H
#define MMAP_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/registry.h"

extern const struct region_owner mmap_owner;

/* Serves mmap, as calls_mapper (calls/state.h) has it. */
uintptr_t mmap_owner_map(uintptr_t hint, size_t bytes, int protection, int flags, bool by_libc);

#endif
