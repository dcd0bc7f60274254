/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records what the program did to whole huge pages: protection, keys, advice, locks, replacements.
 *
 * All functions need the lock (lock.h); ranges are within one region, and multiples of the base
 * page. They only record, and make no system call.
 */
#ifndef PAGE_STATE_H
#define PAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* The protection (PROT_...) that a page state records. */
int page_state_rights(unsigned int state);

/* The program has unmapped or replaced [from, to), which covers hugetlb pages only as wholes. */
void page_state_replaced(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The program has set protection, with a key (-1: unchanged), or advice on [from, to), or has
 * locked or unlocked it: records that for whole hugetlb pages.
 */
void page_state_protected(struct region *region, uintptr_t from, uintptr_t to, int protection,
			  int key);
void page_state_locked(struct region *region, uintptr_t from, uintptr_t to, bool locked);
void page_state_advised(struct region *region, uintptr_t from, uintptr_t to, int advice);

/* The program has registered the range with userfaultfd: it stays on base pages. */
void page_state_registered(struct region *region, uintptr_t from, uintptr_t to);

/* The end of the part of [from, to) before the first locked hugetlb page; `to` if there is none. */
uintptr_t page_state_unlocked_end(const struct region *region, uintptr_t from, uintptr_t to);

/* Memory that may have advice was moved to [from, to). */
void page_state_marked(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The program has mapped [from, to) again, private, anonymous and without access: its whole pages
 * are reserved.
 */
void page_state_reserved(struct region *region, uintptr_t from, uintptr_t to);

#endif
