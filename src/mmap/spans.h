/*
 * Address space that the program itself chose or reserved: a span. What it opens there becomes
 * huge.
 */
#ifndef SPANS_H
#define SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/region.h"

/* As memory.watch has it: notes reservations and mappings at chosen places. Takes the lock. */
void spans_watch(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
		 bool by_libc);

/*
 * As region_owner's opened(): puts the whole pages of [from, to), as far as they are zero, on huge
 * pages. Under the lock.
 */
void spans_open(struct region *region, uintptr_t from, uintptr_t to, bool anew);

#endif
