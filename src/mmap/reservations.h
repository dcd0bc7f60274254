/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Address space that the program itself chose or reserved: a span. Memory that it opens there
 * becomes huge.
 */
#ifndef RESERVATIONS_H
#define RESERVATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

/* Called as libc_calls.watch: records reservations and mappings at chosen addresses. Takes the
 * lock. */
void reservations_watch(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
			bool by_libc);

/* Called as region_owner's open(). Under the lock. */
size_t reservations_open(struct region *region, uintptr_t from, uintptr_t to, bool replaced,
			 uintptr_t *next);

/* Called as region_owner's opened(): the pages that are opened in parts become transparent. Under
 * the lock. */
void reservations_opened(struct region *region, uintptr_t from, uintptr_t to);

#endif
