/*
 * Where huge pages come from: what the system has, and the ladder that hands them out.
 *
 * sizes, pool and mount read /sys and /proc on their first use, never before; nothing here
 * allocates by malloc. All return 0 or -errno unless said otherwise; all sizes are in bytes.
 */
#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* One pool: counts of pages, as /sys/kernel/mm/hugepages/hugepages-<n>kB/ has them. */
struct pool {
	unsigned long total, available, reserved, surplus, overcommit;
};

/* -ENOENT: no such size, or no /sys. */
int pool_read(size_t page_bytes, struct pool *pool);

/* Pages that a new mapping can hope for: free and not reserved, plus what may be overcommitted. */
unsigned long pool_obtainable(const struct pool *pool);

/* Is that zero, as far as can be told? Reads two counts of a pool that has free pages. */
bool pool_is_empty(size_t page_bytes);

/*
 * Finds a hugetlbfs mount for pages of that size into path: the first of /proc/mounts that the
 * caller may write to, or, where wanted is not NULL, that one (or a directory on it), checked.
 * -ENOENT: there is none; -EINVAL: wanted is no hugetlbfs of that page size; -EACCES: may not be
 * written; path is empty then.
 */
int mount_find(size_t page_bytes, const char *wanted, char *path, size_t path_bytes);

#endif
