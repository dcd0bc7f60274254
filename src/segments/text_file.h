/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of text in an in-memory file without a name.
 *
 * It is written through a shared mapping of the file and then mapped from it permanently, private,
 * readable and executable: no memory is both writable and executable, so policies against that do
 * not interfere. Program and kernel treat such text like a file's, as before.
 */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include "segments/backing.h"

struct text_file {
	int fd;
	size_t page_bytes;
	bool hugetlb; /* the kernel aligns its mappings to the page by itself */

	/* Allocates the file's page at offset, huge; `window` is where it will be mapped. Returns 0
	 * or -errno. */
	int (*give_page)(const struct text_file *file, uint64_t offset, uintptr_t window);
};

/*
 * Fills the file with a range, as long as pages are available, and maps it elsewhere. Returns 0 and
 * *prepared, or -errno with nothing left. Takes the descriptor over in both cases.
 */
int text_file_prepare(const struct text_file *file, const struct backing *backing,
		      const struct plan_range *range, struct prepared *prepared);

/* Maps prepared->bytes of a filled file with their final protection. Returns 0 or -errno. */
int text_file_map(const struct text_file *file, const struct plan_range *range,
		  struct prepared *prepared);

#endif
