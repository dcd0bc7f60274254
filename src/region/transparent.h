/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Leaving hugetlb pages: what the program writes to goes to transparent huge pages, for good.
 */
#ifndef TRANSPARENT_H
#define TRANSPARENT_H

/*
 * Splits all hugetlb pages of all regions but text, their content preserved, and takes none from
 * now on. Takes the lock. What cannot be split stays, with a warning.
 */
void transparent_from_now(void);

/* The same, where HUGETLB_EXACT=strict demands it by now: see exact_is_lost(). Before growth. */
void transparent_if_inexact(void);

#endif
