/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a function of i386 is entered and called: the bytes that hook/patch.c writes into a copy of
 * libc's text. Pure functions on bytes, unit-tested; `at` is the address at which the bytes will
 * run. A rel32 reaches all 32-bit addresses.
 */
#ifndef CPU_ENTRY_H
#define CPU_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ENTRY_ENDBR_LAST 0xfb
#include "../x86/landing.h"

/* The longest jump that entry_encode_jump() writes. */
#define ENTRY_JUMP_BYTES_MAX 5

/* Writes a branch: the opcode and a rel32; returns its length. */
static inline size_t entry_encode_relative(unsigned char *out, unsigned char opcode, uintptr_t at,
					   uintptr_t target)
{
	uint32_t distance = (uint32_t)(target - (at + 5));

	out[0] = opcode;
	memcpy(out + 1, &distance, sizeof(distance));
	return 5;
}

/* Writes a jump to target; returns its length. No register changes. */
static inline size_t entry_encode_jump(unsigned char *out, uintptr_t at, uintptr_t target)
{
	return entry_encode_relative(out, 0xe9, at, target);
}

/* The length of the longest call instruction that entry_find_call() finds. */
#define ENTRY_CALL_BYTES 5

/* The target of a direct call; 0: this is another instruction. Reads ENTRY_CALL_BYTES. */
static inline uintptr_t entry_call_target(const unsigned char *code, uintptr_t at)
{
	uint32_t distance;

	if (code[0] != 0xe8)
		return 0;
	memcpy(&distance, code + 1, sizeof(distance));
	return (uint32_t)(at + ENTRY_CALL_BYTES + distance);
}

/* Finds the first direct call of target in code; returns its offset, or -1. */
static inline long entry_find_call(const unsigned char *code, size_t bytes, uintptr_t at,
				   uintptr_t target)
{
	for (size_t i = 0; i + ENTRY_CALL_BYTES <= bytes; i++)
		if (entry_call_target(code + i, at + i) == target)
			return (long)i;
	return -1;
}

/* Writes a direct call of target; returns its length. */
static inline size_t entry_encode_call(unsigned char *out, uintptr_t at, uintptr_t target)
{
	return entry_encode_relative(out, 0xe8, at, target);
}

/*
 * The length of one padding instruction as assemblers write them, or 0: nop, int3, and `lea
 * 0(%esi),%esi` or `lea 0(%edi),%edi` with displacements of 8 or 32 bits.
 */
static inline size_t entry_padding_bytes(const unsigned char *code, size_t bytes)
{
	size_t at = 0, displacement, end;

	while (at < bytes && (code[at] == 0x66 || code[at] == 0x2e))
		at++;
	if (at < bytes && (code[at] == 0x90 || code[at] == 0xcc))
		return at + 1;
	if (at + 1 >= bytes || code[at] != 0x8d)
		return 0;
	displacement = code[at + 1] >> 6 == 1 ? 1 : code[at + 1] >> 6 == 2 ? 4 : 0;
	switch (code[at + 1] & 0x3f) {
	case 0x34: /* esi encoded with a SIB byte, which must encode esi only */
		if (at + 2 >= bytes || code[at + 2] != 0x26)
			return 0;
		at += 3;
		break;
	case 0x36: /* esi */
	case 0x3f: /* edi */
		at += 2;
		break;
	default:
		return 0;
	}
	end = at + displacement;
	if (!displacement || end > bytes)
		return 0;
	for (; at < end; at++)
		if (code[at])
			return 0;
	return end;
}

/*
 * The length of a function that does nothing but return, including the padding after it, up to
 * `bytes`; 0 if the code is something else (for example a breakpoint).
 */
static inline size_t entry_empty_bytes(const unsigned char *code, size_t bytes)
{
	size_t at = entry_landing_bytes(code, bytes), length;

	if (at >= bytes || code[at++] != 0xc3)
		return 0;
	while (at < bytes && (length = entry_padding_bytes(code + at, bytes - at)))
		at += length;
	return at;
}

#endif
