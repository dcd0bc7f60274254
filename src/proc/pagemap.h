/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/self/pagemap: what the kernel has allocated, page by page.
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An entry; there is one for each base page (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_FILE    (UINT64_C(1) << 61) /* of a file or shared memory, not a private copy */
#define PAGEMAP_FRAME   ((UINT64_C(1) << 55) - 1) /* of a present page, for root */

struct pagemap {
	long fd; /* -errno: it cannot be opened */
};

/* For this process. Never fails; the calls below do. The caller must close it. */
void pagemap_open(struct pagemap *pagemap);
void pagemap_close(const struct pagemap *pagemap);

/* Reads the entries of count base pages, starting at page number `page`. Returns how many, or
 * -errno. */
long pagemap_read(const struct pagemap *pagemap, uint64_t page, uint64_t *entries, size_t count);

/* PAGEMAP_SCAN (Linux 6.7): its categories, under the kernel's names, and its search conditions. */
#define PAGE_IS_FILE    (1u << 2)
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_SWAPPED (1u << 4)
#define PAGE_IS_HUGE    (1u << 6)

struct pagemap_query {
	uint64_t inverted, mask, any_of, returned; /* the same as the kernel's category_… members */
};

struct pagemap_range {
	uint64_t start, end, categories;
};

/*
 * Finds up to count ranges of pages in [*start, end); sets *start to where the search ended.
 * Returns how many, or -errno (-ENOTTY: an older kernel).
 */
long pagemap_scan(const struct pagemap *pagemap, const struct pagemap_query *query, uint64_t *start,
		  uint64_t end, struct pagemap_range *ranges, size_t count);

/*
 * The first run of base pages in [*start, end) that are private to the process: written to since
 * they were mapped from a file (a breakpoint, a relocation, a patch), or anonymous. Returns 1 with
 * the run in *start and *run_end; 0: there is none; or -errno.
 */
int pagemap_find_own(const struct pagemap *pagemap, uintptr_t *start, uintptr_t end,
		     uintptr_t *run_end);

/* Is there one? 0 or 1, or -errno. */
int pagemap_has_own(const struct pagemap *pagemap, uintptr_t start, uintptr_t end);

/* How many bytes of [start, end) are currently mapped by huge pages of any kind. Returns 0, or
 * -errno (-ENOTTY: an older kernel). */
int pagemap_count_huge(const struct pagemap *pagemap, uintptr_t start, uintptr_t end,
		       size_t *bytes);

/* The same; before Linux 6.7 from /proc/self/smaps, and 0 without both. */
size_t pagemap_huge_bytes(const struct pagemap *pagemap, uintptr_t start, uintptr_t end);

/* Does this kernel have soft-dirty bits (CONFIG_MEM_SOFT_DIRTY)? True if that cannot be
 * determined. */
bool pagemap_has_soft_dirty(void);

/*
 * Is no page of [start, end) in memory or in swap? From the page tables, otherwise from mincore,
 * which does not see swap. False if it cannot be determined.
 */
bool pagemap_is_empty(uintptr_t start, uintptr_t end);

#endif
