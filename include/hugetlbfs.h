/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhugetlbfs: huge pages for programs that ask for them.
 *
 * For C (C99 and later) and C++. Link with -lhugetlbfs. All functions may be called by several
 * threads at once. What HUGETLB_DEFAULT_PAGE_SIZE, HUGETLB_PATH, HUGETLB_NO_RESERVE and
 * HUGETLB_NO_PREFAULT say holds for them, as they were when the program started.
 *
 * Sizes are in bytes. The functions down to "Beyond the original" are those of libhugetlbfs 2.x, by
 * its symbol versions (VERS_1.0, HTLBFS_2.0, HTLBFS_2.1): programs that use them run with either.
 * The rest is this library's own, and programs that use it need this library (HUGETLBFS_3.0).
 */
#ifndef HUGETLBFS_H
#define HUGETLBFS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What statfs(2) gives as f_type for a hugetlbfs. */
#define HUGETLBFS_MAGIC 0x958458f6

/* A flag of a program header: put this segment on huge pages by default. */
#define PF_LINUX_HUGETLB 0x100000

/*
 * The default huge page size in bytes: HUGETLB_DEFAULT_PAGE_SIZE where the machine has that size,
 * or else the system's. -1 with errno ENOSYS: the system has no huge pages; EOVERFLOW: a long can't
 * hold the size; EMFILE, ENFILE: nobody can tell, as no file can be opened (so does every function
 * below that needs to know).
 */
long gethugepagesize(void);

/*
 * The huge page sizes of the system in bytes, rising, at most n_elem of them. Returns how many were
 * stored; for NULL and 0, how many there are, which may be 0. -1 with errno EINVAL: n_elem is
 * negative, or pagesizes is NULL and n_elem is not 0; EMFILE, ENFILE.
 */
int gethugepagesizes(long pagesizes[], int n_elem);

/* As gethugepagesizes(), with the base page size as the first. */
int getpagesizes(long pagesizes[], int n_elem);

/*
 * Is the path in a hugetlbfs? Returns 1 or 0, or -1 with errno as statfs(2) sets it (ENOENT,
 * EACCES, EFAULT and so on).
 */
int hugetlbfs_test_path(const char *mount);

/*
 * A directory on a hugetlbfs of the default huge page size, or of page_size bytes, that the caller
 * may write to: HUGETLB_PATH where that fits, or else the first such mount. The string stays valid
 * and unchanged as long as the process lives. NULL with errno ENOENT: there is none; EACCES: there
 * is, but it may not be written to; EINVAL: the system has no huge pages of that size; ENOSYS: it
 * has none of any; ENOMEM.
 */
const char *hugetlbfs_find_path(void);
const char *hugetlbfs_find_path_for_size(long page_size);

/*
 * A descriptor of a new and empty file of huge pages, of the default size or of page_size bytes,
 * that has no name: its pages live as long as the descriptor and its mappings. The file is on the
 * mount that hugetlbfs_find_path_for_size() gives, or, where there is no such mount, in memory
 * (memfd_create(2)). Close-on-exec. -1 with errno: EINVAL, ENOSYS as above, or as open(2) and
 * memfd_create(2) set it.
 */
int hugetlbfs_unlinked_fd(void);
int hugetlbfs_unlinked_fd_for_size(long page_size);

/* Flags of get_huge_pages(). */
typedef unsigned long ghp_t;
#define GHP_DEFAULT ((ghp_t)0x01UL)

/*
 * Maps len bytes of huge pages of the default size: private, zero, readable and writable. All of
 * them are there when the function returns (with HUGETLB_NO_PREFAULT, promised by the kernel). len
 * is a multiple of gethugepagesize(), and not 0. NULL with errno EINVAL: len is not so; ENOMEM:
 * there are not enough pages; ENOSYS: the system has no huge pages.
 */
void *get_huge_pages(size_t len, ghp_t flags);

/*
 * Unmaps what get_huge_pages() returned there, whole, however the program has protected or advised
 * parts of it. NULL does nothing; so does any other pointer that none of this library's functions
 * returned, but for a line on standard error.
 */
void free_huge_pages(void *ptr);

/* Flags of get_hugepage_region(). */
typedef unsigned long ghr_t;
#define GHR_STRICT   ((ghr_t)0x10000000UL) /* huge pages or nothing */
#define GHR_FALLBACK ((ghr_t)0x20000000UL) /* base pages where huge pages are short */
#define GHR_COLOR    ((ghr_t)0x40000000UL) /* begin at a varying cache line, where there is room */
#define GHR_DEFAULT  (GHR_FALLBACK | GHR_COLOR)

/*
 * Maps at least len bytes, as get_huge_pages() does, for any len but 0: what whole huge pages have
 * beyond len is lost, or, with GHR_COLOR, used to begin at another multiple of 256 bytes each time,
 * so that the starts of several regions don't compete for the same cache lines. Without GHR_COLOR
 * the region begins at a page. Neither GHR_STRICT nor GHR_FALLBACK means GHR_STRICT; so do both.
 * Other flags are ignored. NULL with errno EINVAL: len is 0; ENOMEM; ENOSYS: the system has no huge
 * pages, and there was no GHR_FALLBACK.
 */
void *get_hugepage_region(size_t len, ghr_t flags);

/* As free_huge_pages(), for what get_hugepage_region() returned. */
void free_hugepage_region(void *ptr);

/* Beyond the original. */

/* hugetlbfs_map(): no particular NUMA node. */
#define HUGETLBFS_ANY_NODE (-1)

/* hugetlbfs_map(): what will do as well; tried in this order, on the node first. */
#define HUGETLBFS_OR_OTHER_NODE   0x01u /* any node, at each of the steps below */
#define HUGETLBFS_OR_SMALLER_HUGE 0x02u /* hugetlb pages of the next smaller sizes */
#define HUGETLBFS_OR_TRANSPARENT  0x04u /* transparent huge pages */
#define HUGETLBFS_OR_SMALL        0x08u /* base pages */
#define HUGETLBFS_OR_ANY          0x0fu /* all of these */

/* What hugetlbfs_map() gave. */
enum hugetlbfs_kind {
	HUGETLBFS_HUGETLB = 1,     /* pages of a hugetlb pool */
	HUGETLBFS_TRANSPARENT = 2, /* advised to become transparent huge pages */
	HUGETLBFS_SMALL = 3        /* base pages */
};

struct hugetlbfs_given {
	size_t bytes;       /* that are mapped: what was asked, in whole pages */
	size_t page_bytes;  /* size of a page of that kind */
	size_t huge_bytes;  /* that are on huge pages now, by the kernel's account */
	int kind;           /* an enum hugetlbfs_kind */
	int node;           /* the node that the memory is bound to, or HUGETLBFS_ANY_NODE */
	size_t reserved[4]; /* 0 */
};

/*
 * Maps at least bytes of memory, private, zero, readable and writable, on pages of page_bytes (0:
 * the default huge page size; the base page size is allowed), on NUMA node `node`. All of it is of
 * one kind. Huge pages are all present when the function returns, unless HUGETLB_NO_PREFAULT is
 * set; base pages are allocated on first touch. If such pages are not available, or page_bytes is
 * not one of the system's sizes, fallback says what is tried (0: nothing). *given, unless given is
 * NULL, reports the result. HUGETLBFS_OR_TRANSPARENT without HUGETLBFS_OR_SMALL means all of it on
 * huge pages.
 *
 * Returns the address, a multiple of the page size given. NULL, with *given all 0, and errno
 * EINVAL: bytes is 0, page_bytes is neither 0 nor one of the system's sizes and there was no
 * fallback, there is no such node, or fallback has other bits; ENOMEM: not enough memory of the
 * requested kinds, or bytes is too large; ENOSYS: page_bytes is 0, and the system has no huge
 * pages.
 */
void *hugetlbfs_map(size_t bytes, size_t page_bytes, int node, unsigned int fallback,
		    struct hugetlbfs_given *given);

/*
 * Unmaps what hugetlbfs_map() returned, whole. Returns 0 or -1 with errno EINVAL: it is no such
 * address, or has been unmapped; ENOMEM: the process has too many mappings for the kernel to unmap
 * it.
 */
int hugetlbfs_unmap(void *address);

/* What a range of memory is on, in bytes of that range. */
struct hugetlbfs_backing {
	size_t mapped_bytes;      /* that belong to any mapping */
	size_t hugetlb_bytes;     /* on pages of hugetlb pools, whatever their size */
	size_t transparent_bytes; /* on transparent huge pages, also of files */
	size_t small_bytes; /* on base pages. The rest was not touched yet, or is swapped out */
	struct {
		size_t page_bytes; /* 0: no more of these */
		size_t bytes;
	} hugetlb[8]; /* hugetlb_bytes by page size, rising */
	/* 0: the range ends inside a mapping of which only a part is on transparent huge pages, and
	 * the kernel (before 6.7) can't tell where: small_bytes has them all */
	int exact;
	size_t reserved[4]; /* 0 */
};

/*
 * Reports which pages back the bytes from address on, according to the kernel (/proc/self/smaps).
 * Touches none of them and allocates nothing. Returns 0, or -1 with errno EINVAL: bytes is 0,
 * backing is NULL or the range wraps around; or as open(2) sets it, if there is no /proc or no free
 * descriptor.
 */
int hugetlbfs_backing(const void *address, size_t bytes, struct hugetlbfs_backing *backing);

#ifdef __cplusplus
}
#endif

#endif
