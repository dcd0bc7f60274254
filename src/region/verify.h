/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking the kernel whether pages are still hugetlb pages of ours.
 *
 * A program can change its memory by calls that never reach the library: raw system calls, another
 * library's jump written over ours, shmat(SHM_REMAP), a system call by io_uring. A page state that
 * is wrong then does harm when a page is split (a shared mapping becomes a private copy), copied at
 * fork or cleared. So whoever is about to do that asks first. A page that is no private hugetlb
 * page any more is recorded as replaced; where the kernel reports its rights, the recorded rights
 * are corrected.
 *
 * All functions need the lock (lock.h). They fail never: what cannot be asked is believed.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/region.h"

/* Before a split. Is the page, which is recorded as a hugetlb page, still one? */
bool verify_page(struct region *region, size_t page);

/*
 * Before pages are cleared or copied: verifies every recorded hugetlb page that [from, to) touches.
 * The range is within the region and not empty. In a sandbox nothing is asked: the program's filter
 * may kill the process for it.
 */
void verify_range(struct region *region, uintptr_t from, uintptr_t to);

/* The same for all pages of all regions: before a fork. */
void verify_all(void);

#endif
