/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loaded objects of this process and their segments, at the addresses where they are.
 *
 * Reads what the dynamic linker and the program headers in memory say; makes no system call but for
 * the lists' memory and, where HUGETLB_ELFMAP_OBJECTS has names, for the names of files. Any thread
 * may call it; the linker's lock is held meanwhile.
 */
#ifndef FIND_H
#define FIND_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "options/options.h"
#include "segments/object.h"

struct segment {
	uintptr_t start, file_end, end; /* in memory, to the byte; from file_end on it is bss */
	size_t align;
	unsigned int object; /* index */
	int header;          /* number among the program headers */
	unsigned int flags;  /* PF_... */
	bool wanted;
};

struct found {
	struct vector objects, segments; /* by rising address, of objects that take part */
};

/*
 * No huge page above this many bytes can be had of what is wanted. Makes no system call, so that
 * it can be asked at every start. before as for find_segments().
 */
size_t find_widest(const struct options *options, bool (*before)(const struct dl_phdr_info *));

/*
 * Finds the objects that take part, with all of their segments. before, unless NULL, says which
 * objects were dealt with already. Returns 0 or -ENOMEM; the caller owes a found_free().
 *
 * Never among them: the kernel's vDSO, and the library itself where it is a library of its own.
 */
int find_segments(const struct options *options, bool (*before)(const struct dl_phdr_info *),
		  struct found *found);
void found_free(struct found *found);

/* Is there a loaded object that this word of HUGETLB_ELFMAP_OBJECTS, so many bytes long, fits? */
bool find_named(const char *word, size_t length);

/* Does any loaded object have a segment with the linker's or hugeedit's mark? No system call. */
bool find_marked(void);

#endif
