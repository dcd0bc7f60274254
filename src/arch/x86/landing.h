/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The landing pad of indirect branch tracking. It differs between x86-64 and i386 only in its last
 * byte, which their entry.h defines as ENTRY_ENDBR_LAST before including this file. Pure functions
 * on bytes.
 */
#ifndef X86_LANDING_H
#define X86_LANDING_H

#include <stddef.h>
#include <string.h>

/* The number of bytes at the start of a function that must stay: endbr64 or endbr32. */
static inline size_t entry_landing_bytes(const unsigned char *code, size_t bytes)
{
	/* not memcmp(): every start would touch its page of libc for these four bytes */
	return bytes >= 4 && code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e &&
			       code[3] == ENTRY_ENDBR_LAST
		       ? 4
		       : 0;
}

/* Writes the same landing pad in front of a jump; returns its length. */
#define ENTRY_LANDING_BYTES_MAX 4

static inline size_t entry_encode_landing(unsigned char *out, const unsigned char *code,
					  size_t bytes)
{
	size_t landing = entry_landing_bytes(code, bytes);

	memcpy(out, code, landing);
	return landing;
}

/* Is there a breakpoint, of a debugger or of a uprobe? True also where a byte only looks like one.
 */
static inline int entry_has_breakpoint(const unsigned char *code, size_t bytes)
{
	return memchr(code, 0xcc, bytes) != NULL;
}

#endif
