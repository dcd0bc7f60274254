/*
 * Keeping the promise that memory in a region bears what small pages bear.
 *
 * The kernel refuses to protect, advise, unmap or replace a part of a hugetlb page. Before the
 * program does such a thing to a part, that page becomes small pages, content kept.
 *
 * All functions need the lock (lock.h); ranges are within one region, and multiples of the small
 * page. 0 or -errno.
 */
#ifndef KEEP_H
#define KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/region.h"

/*
 * Makes every hugetlb page small that [from, to) covers in part (or, with all, touches at all).
 * -ENOMEM: no memory, or other threads run and can't be kept from writing (Linux before 5.19);
 * the pages done until then stay small, with their content.
 */
int keep_make_small(struct region *region, uintptr_t from, uintptr_t to, bool all);

/*
 * Makes every hugetlb page small that [from, to) touches. What reads as zero is in no page then, as
 * in memory that nobody has touched: its first touch is a fault. As keep_make_small() else.
 */
int keep_make_sparse(struct region *region, uintptr_t from, uintptr_t to);

/*
 * Keeps all other threads from writing to [address, address + bytes), until keep_writers_go(): they
 * wait in the kernel. A descriptor, or -errno where that can't be had.
 */
long keep_writers_stop(uintptr_t address, size_t bytes);
void keep_writers_go(long fd);

/* The program unmapped or replaced [from, to), which covers hugetlb pages only as wholes. */
void keep_replaced(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The program set rights, with a key (-1: that stays what it is), or advice on [from, to), or
 * locked or unlocked it: remember what for whole hugetlb pages.
 */
void keep_protected(struct region *region, uintptr_t from, uintptr_t to, int protection, int key);
void keep_locked(struct region *region, uintptr_t from, uintptr_t to, bool locked);
void keep_advised(struct region *region, uintptr_t from, uintptr_t to, int advice);

/* The end of the part of [from, to) before the first hugetlb page that is locked, or to. */
uintptr_t keep_unlocked_end(const struct region *region, uintptr_t from, uintptr_t to);

/* Memory was moved to [from, to) that may bear advice. */
void keep_marked(struct region *region, uintptr_t from, uintptr_t to);

/*
 * The program mapped [from, to) anew, private, anonymous and without access: whole pages of it are
 * reserved.
 */
void keep_reserved(struct region *region, uintptr_t from, uintptr_t to);

/*
 * MADV_DONTNEED: [from, to) reads as zero afterwards. Hugetlb pages wholly inside go back to the
 * pool with give_back, and are small then; else they stay and are cleared.
 */
int keep_dontneed(struct region *region, uintptr_t from, uintptr_t to, bool give_back);

/*
 * Maps bytes (a multiple of the page) of small memory somewhere on a boundary of the page, to be
 * moved over a page. Returns the address, or -errno.
 */
long keep_map_aside(const struct region *region, size_t bytes);

#endif
