/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder: hugetlb pages of the asked size while the pool gives them, then small pages advised
 * to become transparent huge pages.
 *
 * Used under the heap's growth: makes no system call but mmap, munmap and madvise (a mount adds
 * open, unlink and close, a memfd its creation and close, kernels before 5.14 mincore; none of
 * these once the program is sandboxed). Allocates nothing, takes no lock: the caller keeps other
 * threads from the same range. Several threads may use one source at once.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
	size_t page_bytes;   /* of a huge page: hugetlb's, or the THP's where hugetlb is off */
	bool hugetlb;        /* take hugetlb pages at all */
	bool thp;            /* advise the rest */
	bool reserve;        /* not HUGETLB_NO_RESERVE */
	bool populate;       /* not HUGETLB_NO_PREFAULT */
	bool populate_write; /* the kernel has MADV_POPULATE_WRITE (5.14) */
	bool quiet;        /* a short pool is nothing to warn of: the user left the choice to us */
	bool thp_if_free;  /* advise only where the kernel has free huge pages at hand */
	bool memfd;        /* take pages by memfd, not by anonymous MAP_HUGETLB */
	const char *mount; /* take pages from a file on this mount, or NULL; before memfd */

	/* back-off: after the n-th failure in a row the next 2^n growths (32 at most) don't ask */
	unsigned int failures, skip;

	/* what happened, for the report */
	unsigned long short_falls;
	int last_error; /* -errno of the last one that fell short; 0: none did */
};

/* No source takes hugetlb pages any more: see region/transparent.h. */
extern bool source_without_hugetlb;

/*
 * Asks `allow` before pages are taken, for whatever source: how many of so many pages of that size
 * the process may take. It makes system calls only. NULL: as many as there are.
 */
void source_set_limit(size_t (*allow)(size_t page_bytes, size_t pages));

/* How many of so many pages may be taken from the source. */
size_t source_allowed(const struct source *source, size_t pages);

/* Does the kernel have MADV_POPULATE_WRITE? Touches no memory. */
bool source_can_populate_write(void);

/*
 * Maps up to pages huge pages at address, which is a multiple of the page size and in use by
 * nobody. Returns how many, counted from the start: they are there, populated and zero, and can't
 * be lost (with populate; without, as far as the kernel's reservation holds). What could not be
 * had is left unmapped; where even unmapping fails it stays mapped and the next to map there gets
 * -EEXIST. 0 while backing off, and where sandboxed leaves no way to make sure of the pages.
 * Somebody else's mapping in the way ends it with last_error -EEXIST and no backing off.
 */
size_t source_map_huge(struct source *source, uintptr_t address, size_t pages);

/*
 * Maps bytes of small pages at address (in use by nobody), advised to become THP where that is on.
 * Returns 0 or -errno (-EEXIST: somebody is there).
 */
int source_map_small(const struct source *source, uintptr_t address, size_t bytes);

/*
 * Opens a new file of huge pages that has no name: on source->mount, or else a memfd. Returns a
 * descriptor, close-on-exec, which the caller closes, or -errno.
 */
int source_open(const struct source *source);

/*
 * Maps so many huge pages where the kernel likes, all or none, and populates none of them: for
 * ranges.h. Returns the address or -errno; neither asks nor changes the back-off and the counts.
 */
long source_map_anywhere(const struct source *source, size_t pages);

/*
 * Maps, populates and gives back one huge page at an address that the kernel chooses: the answer
 * to «can this be had at all?». Clears a page, which takes long for 1G. Returns 0 or -errno;
 * neither asks nor changes the back-off and the counts.
 */
int source_try(const struct source *source);

#endif
