/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loaded objects of this process and their segments, at their run-time addresses.
 *
 * Reads the data of the dynamic linker and the program headers in memory; makes no system call
 * except for the lists' memory and, if HUGETLB_ELFMAP_OBJECTS contains names, for the names of
 * files. Any thread may call it; the linker's lock is held meanwhile.
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
	uintptr_t start, file_end, end; /* in memory, exact to the byte; bss begins at file_end */
	size_t align;
	unsigned int object; /* index */
	int header;          /* number among the program headers */
	unsigned int flags;  /* PF_... */
	bool wanted;
};

struct found {
	struct vector objects, segments; /* of the objects that take part, with ascending
					  * addresses */
};

/*
 * The largest huge page size that any requested segment can use. Makes no system call, so it can be
 * called at every start. before: see find_segments().
 */
size_t find_widest(const struct options *options, bool (*before)(const struct dl_phdr_info *));

/*
 * Finds the objects that take part, with all of their segments. before, unless NULL, returns
 * whether an object was already handled. Returns 0 or -ENOMEM; the caller must call found_free().
 *
 * Never included: the kernel's vDSO, and the library itself if it is a shared library.
 */
int find_segments(const struct options *options, bool (*before)(const struct dl_phdr_info *),
		  struct found *found);
void found_free(struct found *found);

/* Does this word of HUGETLB_ELFMAP_OBJECTS, of that length, match a loaded object? */
bool find_named(const char *word, size_t length);

/* Does any loaded object have a segment marked by the linker or hugeedit? No system call. */
bool find_marked(void);

#endif
