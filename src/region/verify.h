/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the kernel whether pages are still the library's hugetlb pages.
 *
 * A program can change its memory by calls that the library does not see: raw system calls, another
 * library's patch over this library's, shmat(SHM_REMAP), a system call by io_uring. A wrong page
 * state then does harm when a page is split (a shared mapping becomes a private copy), copied at
 * fork or cleared. So the state is verified before any of these. A page that is not a private
 * hugetlb page any more is recorded as replaced; if the kernel reports its protection, the recorded
 * protection is corrected.
 *
 * All functions need the lock (lock.h). They never fail: what cannot be queried is trusted.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

/* Before a split: is the page, which is recorded as a hugetlb page, still one? */
bool verify_page(struct region *region, size_t page);

/*
 * Before pages are cleared or copied: verifies every recorded hugetlb page that [from, to) touches.
 * The range is within the region and not empty. In a sandbox nothing is queried, because the
 * program's filter may kill the process for it.
 */
void verify_range(struct region *region, uintptr_t from, uintptr_t to);

/* The same for all pages of all regions: before a fork. */
void verify_all(void);

#endif
