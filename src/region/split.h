/*
 * Splitting huge pages into base pages.
 *
 * The kernel refuses to protect, advise, unmap or replace a part of a hugetlb page. Before the
 * program does such a thing to a part, that page is split, its content preserved.
 *
 * All functions need the lock (lock.h); ranges are within one region, and multiples of the base
 * page. 0 or -errno.
 */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "region/region.h"

/* How many huge pages were split, for the report. */
extern unsigned long split_count;

/*
 * Splits every hugetlb page that [from, to) covers in part (or, with all, touches at all).
 * -ENOMEM: no memory, or other threads run and cannot be kept from writing (Linux before 5.19);
 * the pages that were split until then stay split, with their content.
 */
int split_pages(struct region *region, uintptr_t from, uintptr_t to, bool all);

/*
 * Splits every hugetlb page that [from, to) touches. What reads as zero has no page then, as
 * in memory that nobody has touched: its first touch is a fault. Otherwise as split_pages().
 */
int split_sparse(struct region *region, uintptr_t from, uintptr_t to);

/* Splits the page of that number, a hugetlb page; its content is preserved or, with sparse, as
 * split_sparse() has it. */
int split_page(struct region *region, size_t page, bool sparse);

/*
 * Keeps all other threads from writing to [address, address + bytes), until split_writers_go():
 * they wait in the kernel. A descriptor, or -errno where that is not possible.
 */
long split_writers_stop(uintptr_t address, size_t bytes);
void split_writers_go(long fd);

/*
 * Maps bytes (a multiple of the page) of base pages somewhere on a boundary of the huge page, to be
 * moved over a page. Returns the address, or -errno.
 */
long split_map_aside(const struct region *region, size_t bytes);

#endif
