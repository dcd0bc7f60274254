/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder: hugetlb pages of the requested size as long as the pool has them, then small pages
 * advised to become transparent huge pages.
 *
 * Used when the heap grows: makes no system calls but mmap, munmap and madvise (a mount adds open,
 * unlink and close, a memfd its creation and close, kernels before 5.14 mincore; none of these once
 * the program is sandboxed). Allocates nothing, takes no lock: the caller keeps other threads from
 * the same range. Several threads may use one source at the same time.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
	size_t page_bytes;   /* of a huge page: hugetlb's, or the THP's if hugetlb is off */
	bool hugetlb;        /* use hugetlb pages at all */
	bool thp;            /* advise the rest for THP */
	bool lazy;           /* thp is assumed: select_short() reads it */
	bool reserve;        /* not HUGETLB_NO_RESERVE */
	bool populate;       /* not HUGETLB_NO_PREFAULT */
	bool populate_write; /* the kernel has MADV_POPULATE_WRITE (5.14) */
	bool quiet;          /* do not warn about a short pool: the user left the choice to the
			      * library */
	bool thp_if_free;    /* advise only if the kernel has free huge pages */
	bool thp_unasked;    /* memory that is not advised would be huge, too: advise against it */
	bool memfd;          /* allocate pages by memfd, not by anonymous MAP_HUGETLB */
	const char *mount;   /* allocate pages from a file on this mount, or NULL; takes precedence
			      * over memfd */

	/* back-off: after the n-th consecutive failure the next 2^n growths (at most 32) do not try
	 * huge pages */
	unsigned int failures, skip;

	/* counted for the report */
	unsigned long short_falls;
	int last_error; /* -errno of the last growth that fell short; 0: none did */
};

/* No source uses hugetlb pages any more: see region/transparent.h. */
extern bool source_without_hugetlb;

/*
 * Sets the function that is called before pages are taken from any source; it returns how many of
 * `pages` pages of that size the process may take, and makes system calls only. NULL: no limit.
 */
void source_set_limit(size_t (*allow)(size_t page_bytes, size_t pages));

/* How many of `pages` pages may be taken from the source. */
size_t source_allowed(const struct source *source, size_t pages);

/* Does the kernel have MADV_POPULATE_WRITE? Touches no memory. */
bool source_can_populate_write(void);

/*
 * Maps up to `pages` huge pages at address, which is a multiple of the page size and not in use.
 * Returns how many, counted from the start: with populate they are present and zero and cannot be
 * lost; without it, and where first_touch.h leaves them to their first touch, the kernel's
 * reservation covers them. The rest is left unmapped; if even
 * unmapping fails, it stays mapped and the next call for that address gets -EEXIST. Returns 0 while
 * backing off, and if a sandbox leaves no way to make sure of the pages. A foreign mapping in the
 * way ends it with last_error -EEXIST and without backing off.
 */
size_t source_map_huge(struct source *source, uintptr_t address, size_t pages);

/*
 * Maps bytes of small pages at address (not in use), advised to become THP if that is on, and to
 * stay small if it is off and the kernel would not leave them so. Returns 0 or -errno (-EEXIST: the
 * address is in use).
 */
int source_map_small(const struct source *source, uintptr_t address, size_t bytes);

/*
 * Creates a new file of huge pages without a name: on source->mount, or a memfd. Returns a
 * descriptor, close-on-exec, which the caller closes, or -errno.
 */
int source_open(const struct source *source);

/*
 * Maps `pages` huge pages where the kernel chooses, all or none, and populates none of them: for
 * mapping.h. Returns the address or -errno; neither uses nor changes the back-off and the counts.
 */
long source_map_anywhere(const struct source *source, size_t pages);

/*
 * Maps, populates and unmaps one huge page at an address that the kernel chooses, to test whether
 * such a page is available. Clears a page, which takes long for 1G. Returns 0 or -errno; neither
 * uses nor changes the back-off and the counts.
 */
int source_try(const struct source *source);

#endif
