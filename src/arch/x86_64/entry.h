/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a function of x86-64 is entered and called: the bytes that hook/patch.c writes into a copy of
 * libc's text. Pure functions on bytes, unit-tested; `at` is the address at which the bytes will
 * run.
 */
#ifndef CPU_ENTRY_H
#define CPU_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ENTRY_ENDBR_LAST 0xfa
#include "../x86/landing.h"

/* The longest jump that entry_encode_jump() writes. */
#define ENTRY_JUMP_BYTES_MAX 12

static inline int entry_in_reach(uintptr_t next, uintptr_t target)
{
	int64_t distance = (int64_t)(target - next);

	return distance == (int32_t)distance;
}

/*
 * Writes a jump to target: `jmp rel32` if target is in range, otherwise `movabs $target, %rax` and
 * `jmp *%rax`. Returns its length. The long form and a landing pad fit into 16 bytes, which is all
 * that ld.so's empty function has if glibc is built for indirect branch tracking. At a function's
 * entry rax holds no argument, only the number of vector registers of a variadic call, and no
 * hooked function reads that.
 */
static inline size_t entry_encode_jump(unsigned char *out, uintptr_t at, uintptr_t target)
{
	if (entry_in_reach(at + 5, target)) {
		int32_t distance = (int32_t)(target - (at + 5));

		out[0] = 0xe9;
		memcpy(out + 1, &distance, sizeof(distance));
		return 5;
	}
	memcpy(out, "\x48\xb8", 2);
	memcpy(out + 2, &target, sizeof(target));
	memcpy(out + 10, "\xff\xe0", 2);
	return 12;
}

/* The length of the longest call instruction that entry_find_call() finds. */
#define ENTRY_CALL_BYTES 5

/* The target of a direct call; 0: this is another instruction. Reads ENTRY_CALL_BYTES. */
static inline uintptr_t entry_call_target(const unsigned char *code, uintptr_t at)
{
	int32_t distance;

	if (code[0] != 0xe8)
		return 0;
	memcpy(&distance, code + 1, sizeof(distance));
	return at + ENTRY_CALL_BYTES + (uintptr_t)(intptr_t)distance;
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

/* Writes a direct call of target; returns its length, or 0 if target is out of range. */
static inline size_t entry_encode_call(unsigned char *out, uintptr_t at, uintptr_t target)
{
	int32_t distance = (int32_t)(target - (at + ENTRY_CALL_BYTES));

	if (!entry_in_reach(at + ENTRY_CALL_BYTES, target))
		return 0;
	out[0] = 0xe8;
	memcpy(out + 1, &distance, sizeof(distance));
	return ENTRY_CALL_BYTES;
}

/* The length of one padding instruction as assemblers write them (nop, int3), or 0. */
static inline size_t entry_padding_bytes(const unsigned char *code, size_t bytes)
{
	static const unsigned char displacement_bytes[] = {0, 1, 4}; /* by the mode of ModRM */
	size_t at = 0;

	while (at < bytes && (code[at] == 0x66 || code[at] == 0x2e))
		at++;
	if (at < bytes && (code[at] == 0x90 || code[at] == 0xcc))
		return at + 1;
	if (at + 2 >= bytes || code[at] != 0x0f || code[at + 1] != 0x1f || code[at + 2] >> 6 == 3)
		return 0;
	at += 2;
	at += 1 + ((code[at] & 7) == 4) + displacement_bytes[code[at] >> 6];
	return at <= bytes ? at : 0;
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
