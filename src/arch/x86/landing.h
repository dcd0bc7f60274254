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
	static const unsigned char endbr[] = {0xf3, 0x0f, 0x1e, ENTRY_ENDBR_LAST};

	return bytes >= sizeof(endbr) && !memcmp(code, endbr, sizeof(endbr)) ? sizeof(endbr) : 0;
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
