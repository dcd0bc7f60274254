/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a shared copy of text is called: by what the text is, never by the name of its file.
 */
#ifndef SHARE_NAME_H
#define SHARE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/mapped_file.h"
#include "segments/object.h"

/* The text to be shared: a range of an object, in whole huge pages. */
struct share_text {
	const char *name;  /* of the object, for messages */
	uintptr_t address; /* where it is now, as ld.so mapped it */
	size_t bytes;      /* whole huge pages */
	size_t file_bytes; /* how much of that is mapped from the file, in whole base pages; the
			    * rest of the last huge page reads as zero in the copy */
	size_t page_bytes;
	const char *mount; /* a writable hugetlbfs of that page size, or NULL */
	bool fixed;        /* always loaded at this address: not PIE */
	struct build_id build_id;
};

/* Enough for the longest name. */
#define SHARE_NAME_BYTES 224

/* The name of the text's copy: see share.h for its parts. Returns 0, or -errno of reading. */
int share_name(const struct mapped_file *file, const struct share_text *text,
	       char name[SHARE_NAME_BYTES]);

#endif
