/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves all writable memory from hugetlb pages to transparent huge pages, permanently.
 */
#ifndef TRANSPARENT_H
#define TRANSPARENT_H

/*
 * Splits all hugetlb pages of all regions except text, preserving their content, and takes none
 * from now on. Takes the lock. Pages that cannot be split stay, with a warning.
 */
void transparent_from_now(void);

/* The same, if HUGETLB_EXACT now requires it: see exact_is_lost(). Call it before growth. */
void transparent_if_inexact(bool thread_begins);

/* Call it before the process gives up a privilege: see exact_is_given_up(). */
void transparent_if_given_up(void);

#endif
