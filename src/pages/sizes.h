/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page sizes of this machine, and what transparent huge pages it has.
 *
 * Reads /sys and /proc at each call. Allocates nothing by malloc; sizes are in bytes.
 */
#ifndef SIZES_H
#define SIZES_H

#include <stdbool.h>
#include <stddef.h>

#define PAGES_SIZES_MAX 16

/* The page sizes of this machine. */
struct page_sizes {
	size_t base;                  /* the small page */
	size_t thp;                   /* what transparent huge pages are made of; 0: none */
	size_t default_huge;          /* /proc/meminfo's Hugepagesize; 0: no hugetlb, or no /proc */
	size_t huge[PAGES_SIZES_MAX]; /* hugetlb sizes, rising */
	int huge_count;
};

/* Reads them: /sys/kernel/mm/hugepages, /proc/meminfo, hpage_pmd_size; missing files are empty. */
void sizes_read(struct page_sizes *sizes, size_t base);
bool sizes_have(const struct page_sizes *sizes, size_t bytes);

/* What transparent huge pages are made of, alone, for who needs no hugetlb pages. */
size_t sizes_thp(void);

/* Tells them and their mounts in lines of level LOG_INFO; below that level reads nothing. */
void sizes_log(const struct page_sizes *sizes);

/* What the kernel thinks can be had without swapping, in bytes; 0 without /proc. */
size_t sizes_available_memory(void);

/*
 * The words of /sys/kernel/mm/transparent_hugepage/enabled, or of the file of that name for this
 * size (as sizes_read() gives it), where that has a word of its own. THP_NONE: no such files.
 */
enum thp_mode { THP_NONE, THP_NEVER, THP_MADVISE, THP_ALWAYS };
enum thp_mode sizes_thp_mode(size_t thp_bytes);

#endif
