/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing to text in its own pages: writable for an instant, then executable again, never both.
 *
 * The kernel gives the process a page of its own for each page that is written to; the mapping
 * remains that of its file. In a small program that takes a fifth of the time of a copy in a memfd.
 * What was written is gone after MADV_DONTNEED on that text.
 */
#ifndef HOOK_TEXT_WRITE_H
#define HOOK_TEXT_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_change {
	uintptr_t at;
	const unsigned char *code; /* at most 24 bytes */
	size_t bytes;
};

/* False: the process is under a filter of system calls or a security policy that may forbid the way
 * back to executable text. */
bool text_write_is_allowed(void);

/*
 * Writes the changes to the pages [from, to), which then have these rights. While one thread runs,
 * which needs no function in these pages meanwhile, and where it is allowed. 0, or -errno: nothing
 * has changed.
 */
int text_write(uintptr_t from, uintptr_t to, int rights, const struct text_change *changes,
	       int count);

/*
 * Does the page differ from its file by these changes only, which text_write() has made? So it
 * counts, too, where one of them is in it and its file cannot be read any more.
 */
bool text_write_is_only_change(uintptr_t page, const struct text_change *changes, int count);

#endif
