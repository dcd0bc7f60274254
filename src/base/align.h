/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rounding addresses and lengths to multiples of a power of two. A length that overflows wraps: for
 * lengths that come from the program, use mapping_round() (pages/mapping.h).
 */
#ifndef ALIGN_H
#define ALIGN_H

#include <stddef.h>
#include <stdint.h>

static inline uintptr_t align_down(uintptr_t value, uintptr_t unit)
{
	return value & ~(unit - 1);
}

static inline uintptr_t align_up(uintptr_t value, uintptr_t unit)
{
	return align_down(value + unit - 1, unit);
}

/* How many units hold that many bytes, or another count; the unit may be any number. */
static inline size_t units_for(size_t count, size_t unit)
{
	return (count + unit - 1) / unit;
}

#endif
