/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the program did to whole huge pages: rights, keys, advice, locks, replacements.
 *
 * All functions need the lock (lock.h); ranges are within one region, and multiples of the base
 * page. They record and make no system call.
 */
#ifndef PAGE_STATE_H
#define PAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* The rights (PROT_...) that a page state records. */
int page_state_rights(unsigned int state);

/* The program unmapped or replaced [from, to), which covers hugetlb pages only as wholes. */
void page_state_replaced(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The program set rights, with a key (-1: that stays what it is), or advice on [from, to), or
 * locked or unlocked it: records that for whole hugetlb pages.
 */
void page_state_protected(struct region *region, uintptr_t from, uintptr_t to, int protection,
			  int key);
void page_state_locked(struct region *region, uintptr_t from, uintptr_t to, bool locked);
void page_state_advised(struct region *region, uintptr_t from, uintptr_t to, int advice);

/* The program asked the kernel to be told of faults there: it stays on base pages. */
void page_state_registered(struct region *region, uintptr_t from, uintptr_t to);

/* The end of the part of [from, to) before the first hugetlb page that is locked, or to. */
uintptr_t page_state_unlocked_end(const struct region *region, uintptr_t from, uintptr_t to);

/* Memory was moved to [from, to) that may have advice. */
void page_state_marked(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The program mapped [from, to) again, private, anonymous and without access: whole pages of it are
 * reserved.
 */
void page_state_reserved(struct region *region, uintptr_t from, uintptr_t to);

#endif
