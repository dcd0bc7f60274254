/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/self/pagemap: what the kernel really gave, page by page.
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An entry, one for each base page (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_FILE    (UINT64_C(1) << 61) /* of a file or shared memory, no copy on write */

struct pagemap {
	long fd; /* -errno: it cannot be opened */
};

/* Of this process. Never fails; the calls below do. Whoever opens it closes it. */
void pagemap_open(struct pagemap *pagemap);
void pagemap_close(const struct pagemap *pagemap);

/* Reads the entries of count base pages from number `page` on. Returns how many, or -errno. */
long pagemap_read(const struct pagemap *pagemap, uint64_t page, uint64_t *entries, size_t count);

/* PAGEMAP_SCAN (Linux 6.7): its categories, under the kernel's names, and what it looks for. */
#define PAGE_IS_FILE    (1u << 2)
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_SWAPPED (1u << 4)
#define PAGE_IS_HUGE    (1u << 6)

struct pagemap_query {
	uint64_t inverted, mask, any_of, returned; /* as the kernel's category_… members */
};

struct pagemap_range {
	uint64_t start, end, categories;
};

/*
 * Finds ranges of pages in [*start, end), count of them at most; *start is where the search ended.
 * Returns how many, or -errno (-ENOTTY: an older kernel).
 */
long pagemap_scan(const struct pagemap *pagemap, const struct pagemap_query *query, uint64_t *start,
		  uint64_t end, struct pagemap_range *ranges, size_t count);

/*
 * The first run of base pages in [*start, end) that are the process's own: written to since they
 * were mapped from a file (a breakpoint, a relocation, a patch), or anonymous. 1 with the run in
 * *start and *run_end; 0: there is none; or -errno.
 */
int pagemap_find_own(const struct pagemap *pagemap, uintptr_t *start, uintptr_t end,
		     uintptr_t *run_end);

/* Is there one? 0 or 1, or -errno. */
int pagemap_has_own(const struct pagemap *pagemap, uintptr_t start, uintptr_t end);

/* How many bytes of [start, end) are mapped by huge pages of any kind now. By the page tables
 * (Linux 6.7), else by /proc/self/smaps; 0 without both. */
size_t pagemap_bytes(const struct pagemap *pagemap, uintptr_t start, uintptr_t end);
size_t pagemap_huge_bytes(uintptr_t start, uintptr_t end);

/* Does this kernel keep soft-dirty bits (CONFIG_MEM_SOFT_DIRTY)? True where that can't be told. */
bool pagemap_has_soft_dirty(void);

/*
 * Is no page of [start, end) in memory or in swap? By the page tables, else by mincore, which does
 * not see swap. False where it cannot be told.
 */
bool pagemap_is_empty(uintptr_t start, uintptr_t end);

#endif
