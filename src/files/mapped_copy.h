/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a file in the place of the program's mapping of it.
 *
 * The mapping itself is kept aside, without access and without memory. When the program changes
 * a part of a huge page (munmap, mprotect, mremap, madvise ...), the piece of the mapping that
 * belongs there is moved back over the page: one mremap, exact, that takes no memory, and from
 * then on the kernel answers for that page. Nothing is copied, and no thread has to stop.
 *
 * Each mapping is a region (region/region.h) of read-only pages that the calls of calls/ know like
 * text: `text` and `of_file` are set. What is aside goes with the program's munmap.
 */
#ifndef FILES_MAPPED_COPY_H
#define FILES_MAPPED_COPY_H

#include "files/placed.h"
#include "pages/source.h"

/*
 * Puts [first, first + bytes) of the placed mapping on the pages of a descriptor (hugetlb, open for
 * reading, from the file's offset on), or, with fd -1, on memory at `aside`, which is moved there.
 * Whole pages of the source's size. 0, or -errno with the program's mapping as it was.
 */
int mapped_copy_put(const struct placed_file *placed, const struct calls_file *call, size_t bytes,
		    int fd, uintptr_t aside, struct source *source);

#endif
