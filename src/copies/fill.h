/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a file into memory, as fast as it comes.
 *
 * By the calling thread: past the page cache, or out of it where the file is there already or its
 * file system knows no other way. What was copied leaves the page cache, so that nothing is held
 * twice. On a terminal a line shows how far it is, from the second second on.
 */
#ifndef COPIES_FILL_H
#define COPIES_FILL_H

#include <stddef.h>
#include <stdint.h>

struct fill {
	int fd;
	const char *path;       /* for the line */
	uint64_t offset, bytes; /* whole pages, from a page's boundary on */
	size_t page_bytes;
	uintptr_t memory; /* where it is read to, of the same length */

	/* Before a page is read: makes sure that there is memory for it. 0 or -errno. */
	int (*give_page)(struct fill *fill, uint64_t done);

	/* the caller's */
	int to, lock;
};

/*
 * Fills the memory. Returns how many bytes, in whole pages: less where a page was not given, or a
 * read failed; *error says why.
 */
uint64_t fill_read(struct fill *fill, int *error);

#endif
