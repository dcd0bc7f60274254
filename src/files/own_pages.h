/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file's own page cache on huge pages: nothing is copied, all who map the file share it.
 *
 * File systems with large folios (ext4, xfs and btrfs of recent kernels) read a mapping with
 * MADV_HUGEPAGE in pieces of a huge page, when it is touched. What the cache holds in small pages
 * is put together by the kernel where it can (MADV_COLLAPSE: tmpfs since Linux 6.1, others since
 * 7.2), or else dropped, to be read again. Whether that helps is found out with a few pages: a
 * sample of the mapping, some of which are read for it.
 */
#ifndef FILES_OWN_PAGES_H
#define FILES_OWN_PAGES_H

#include "files/placed.h"
#include "files/wanted.h"

enum own_pages {
	OWN_PAGES_EMPTY,  /* it is in memory only, and most of it is holes */
	OWN_PAGES_NO,     /* the file system or the kernel has no huge pages for files */
	OWN_PAGES_HUGE,   /* it is on them, or will be as it is touched */
	OWN_PAGES_CACHED, /* it would be, were it not in the cache in small pages */
};

/*
 * Asks for it. Where most of it is in the cache in small pages that can't be put together: they are
 * dropped with `drop`, else the answer is OWN_PAGES_CACHED.
 */
enum own_pages own_pages_ask(const struct placed_file *placed, const struct wanted_file *wanted,
			     bool drop);

#endif
