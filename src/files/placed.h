/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program's mapping of a file, at an address that agrees with the file modulo a huge page.
 */
#ifndef FILES_PLACED_H
#define FILES_PLACED_H

#include <stddef.h>
#include <stdint.h>

#include "calls/state.h"

struct placed_file {
	uintptr_t start, end;  /* as the program asked for it, in whole base pages */
	uintptr_t first, last; /* its whole huge pages that the file fills; equal: none */
	uint64_t offset;       /* in the file, of `first` */
	size_t page_bytes;
};

/*
 * Maps the file as the program asked for it, but that nothing is populated yet. 0 or -errno, with
 * nothing mapped: the kernel may have an answer of its own to the program.
 */
int placed_file_map(struct placed_file *placed, const struct calls_file *call, uint64_t file_bytes,
		    size_t page_bytes);
void placed_file_unmap(const struct placed_file *placed);

/* What MAP_POPULATE asked for, of [from, to). */
void placed_file_populate(const struct calls_file *call, uintptr_t from, uintptr_t to);

#endif
