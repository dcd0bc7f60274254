/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of text in a file in memory that has no name, and its pages.
 *
 * It is written through a shared mapping of the file and then mapped from it for good, private,
 * readable and executable: no memory is both writable and executable, so no policy against that is
 * in the way. What program and kernel do to such text they do to a file's, as before.
 */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include "segments/backing.h"

struct text_file {
	int fd;
	size_t page_bytes;
	bool hugetlb; /* the kernel places its mappings on a page's boundary by itself */

	/* Gives the file its page at offset, huge, which will be seen at `window`. 0 or -errno. */
	int (*give_page)(const struct text_file *file, uint64_t offset, uintptr_t window);
};

/*
 * Fills the file with a range, as far as there are pages, and maps it aside. 0 and *prepared, or
 * -errno with nothing left. Takes the descriptor over in both cases.
 */
int text_file_prepare(const struct text_file *file, const struct backing *backing,
		      const struct plan_range *range, struct prepared *prepared);

/* Maps prepared->bytes of a file that is filled as they will be used. 0 or -errno. */
int text_file_map(const struct text_file *file, const struct plan_range *range,
		  struct prepared *prepared);

#endif
