/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page sizes of this machine, and its transparent huge pages.
 *
 * Reads /sys and /proc at each call. Does not call malloc; sizes are in bytes.
 */
#ifndef SIZES_H
#define SIZES_H

#include <stdbool.h>
#include <stddef.h>

#define PAGES_SIZES_MAX 16

/* The page sizes of this machine. */
struct page_sizes {
	size_t base;                  /* the small page */
	size_t thp;                   /* the size of a transparent huge page; 0: none */
	size_t default_huge;          /* /proc/meminfo's Hugepagesize; 0: no hugetlb, or no /proc */
	size_t huge[PAGES_SIZES_MAX]; /* hugetlb sizes, ascending */
	int huge_count;
};

/* Reads them: /sys/kernel/mm/hugepages, /proc/meminfo, hpage_pmd_size; a missing file leaves its
 * member empty. */
void sizes_read(struct page_sizes *sizes, size_t base);
bool sizes_have(const struct page_sizes *sizes, size_t bytes);

/*
 * The same with the default size as the only one of hugetlb and none of THP, if the kernel names it
 * for an empty file: that takes a tenth of the time. Reads all of them otherwise.
 */
void sizes_read_default(struct page_sizes *sizes, size_t base);

/* The size of a transparent huge page, for callers that do not need hugetlb sizes. */
size_t sizes_thp(void);

/*
 * The same without a file, for the start of a program: what one page table maps, where its entries
 * have 64 bits. Whether the kernel has transparent huge pages at all, sizes_thp_mode() tells.
 */
size_t sizes_thp_likely(size_t base);

/* Logs them and their mounts at LOG_INFO; reads nothing if that level is off. */
void sizes_log(const struct page_sizes *sizes);

/* The kernel's estimate of memory available without swapping, in bytes; 0 without /proc. */
size_t sizes_available_memory(void);

#define THP_DIRECTORY "/sys/kernel/mm/transparent_hugepage"

/* The word in brackets in a file like "always [madvise] never". False: there is none, and the word
 * is empty. */
bool sizes_chosen_word(const char *path, char *word, size_t bytes);

/*
 * The setting in /sys/kernel/mm/transparent_hugepage/enabled, or in the file of that name for this
 * size (as sizes_read() returns it), if that has its own setting. THP_NONE: no such files.
 */
enum thp_mode { THP_NONE, THP_NEVER, THP_MADVISE, THP_ALWAYS };
enum thp_mode sizes_thp_mode(size_t thp_bytes);

#endif
