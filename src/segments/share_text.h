/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be shared: the text of a loaded object, by what the object says about itself.
 */
#ifndef SHARE_TEXT_H
#define SHARE_TEXT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARE_BUILD_ID_BYTES_MAX 32

/* What is to be shared: a range of memory that is an object's text, in whole huge pages. */
struct share_text {
	const char *name;  /* of the object, for lines */
	uintptr_t address; /* where it lies now, still as ld.so mapped it */
	size_t bytes;      /* whole huge pages */
	size_t file_bytes; /* how much of that is mapped from the file, in whole base pages; what is
			    * behind it in the last huge page reads zero in the copy */
	size_t page_bytes;
	const char *mount; /* a hugetlbfs of that page size that may be written, or NULL */
	bool fixed;        /* always loaded at this address: not PIE */
	unsigned char build_id[SHARE_BUILD_ID_BYTES_MAX];
	size_t build_id_bytes; /* 0: it has none */
};

/* Do these program headers, of an object at base, say that its text has relocations (DT_TEXTREL)?
 */
bool share_text_has_relocations(const ElfW(Phdr) * headers, int count, uintptr_t base);

/*
 * Fills in the build-id of a loaded object, by its notes in memory, and whether it is at a fixed
 * address. Returns 0, or -ENOEXEC: the object has relocations in its text (DT_TEXTREL) and can't be
 * shared.
 */
int share_text_read(const struct dl_phdr_info *object, struct share_text *text);

#endif
