/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a function of arm64 is entered and called: the bytes that hook/patch.c writes into a copy of
 * libc's text. Pure functions on bytes, unit-tested; `at` is the address at which the bytes will
 * run.
 */
#ifndef CPU_ENTRY_H
#define CPU_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The longest jump that entry_encode_jump() writes. */
#define ENTRY_JUMP_BYTES_MAX 16

/* The number of bytes at the start of a function that must stay: `bti c`. */
static inline size_t entry_landing_bytes(const unsigned char *code, size_t bytes)
{
	uint32_t first;

	if (bytes < sizeof(first))
		return 0;
	memcpy(&first, code, sizeof(first));
	return first == 0xd503245f ? sizeof(first) : 0;
}

/*
 * If the function begins with a landing pad for indirect branches, writes one in front of a jump;
 * returns its length. A landing pad that also signs the return address (paciasp, pacibsp) is
 * replaced by one that does not, because the jump's target returns to the unsigned address.
 */
#define ENTRY_LANDING_BYTES_MAX 4

static inline size_t entry_encode_landing(unsigned char *out, const unsigned char *code,
					  size_t bytes)
{
	static const uint32_t pads[] = {0xd503245f, 0xd50324df, 0xd503233f, 0xd503237f};
	uint32_t first;

	if (bytes < sizeof(first))
		return 0;
	memcpy(&first, code, sizeof(first));
	for (size_t i = 0; i < sizeof(pads) / sizeof(pads[0]); i++) {
		if (first != pads[i])
			continue;
		memcpy(out, &pads[0], sizeof(pads[0]));
		return sizeof(pads[0]);
	}
	return 0;
}

/* Writes `b` or `bl` (given by opcode) if the target is in range of its 26-bit word offset; returns
 * its length, or 0. */
static inline size_t entry_encode_relative(unsigned char *out, uint32_t opcode, uintptr_t at,
					   uintptr_t target)
{
	int64_t words = (int64_t)(target - at) / 4;
	uint32_t branch = opcode | ((uint32_t)words & 0x3ffffff);

	if (words < -0x2000000 || words > 0x1ffffff)
		return 0;
	memcpy(out, &branch, sizeof(branch));
	return sizeof(branch);
}

/*
 * Writes a jump to target: `b` if in range, otherwise `ldr x16, .+8; br x16` followed by the
 * address; the linker may use x16 between functions. Returns the jump's length.
 */
static inline size_t entry_encode_jump(unsigned char *out, uintptr_t at, uintptr_t target)
{
	static const uint32_t load_and_branch[] = {0x58000050, 0xd61f0200};
	size_t bytes = entry_encode_relative(out, 0x14000000, at, target);

	if (bytes)
		return bytes;
	memcpy(out, load_and_branch, sizeof(load_and_branch));
	memcpy(out + 8, &target, sizeof(target));
	return 16;
}

/* The length of the longest call instruction that entry_find_call() finds. */
#define ENTRY_CALL_BYTES 4

/* The target of a direct call; 0: this is another instruction. Reads ENTRY_CALL_BYTES. */
static inline uintptr_t entry_call_target(const unsigned char *code, uintptr_t at)
{
	uint32_t instruction;
	int64_t words;

	memcpy(&instruction, code, sizeof(instruction));
	if ((instruction & 0xfc000000) != 0x94000000)
		return 0;
	words = (int64_t)((uint64_t)instruction << 38) >> 38;
	return at + (uintptr_t)(words * 4);
}

/* Finds the first direct call of target in code; returns its offset, or -1. */
static inline long entry_find_call(const unsigned char *code, size_t bytes, uintptr_t at,
				   uintptr_t target)
{
	for (size_t i = 0; i + ENTRY_CALL_BYTES <= bytes; i += 4)
		if (entry_call_target(code + i, at + i) == target)
			return (long)i;
	return -1;
}

/* Writes a direct call of target; returns its length, or 0 if target is out of range. */
static inline size_t entry_encode_call(unsigned char *out, uintptr_t at, uintptr_t target)
{
	return entry_encode_relative(out, 0x94000000, at, target);
}

/*
 * The length of a function that does nothing but return, including the padding after it (nop or
 * zeroes), up to `bytes`; 0 if the code is something else (for example a breakpoint).
 */
static inline size_t entry_empty_bytes(const unsigned char *code, size_t bytes)
{
	size_t at = entry_landing_bytes(code, bytes);
	uint32_t instruction;

	if (at + 4 > bytes || memcmp(code + at, "\xc0\x03\x5f\xd6", 4))
		return 0;
	for (at += 4; at + 4 <= bytes; at += 4) {
		memcpy(&instruction, code + at, sizeof(instruction));
		if (instruction && instruction != 0xd503201f)
			break;
	}
	return at;
}

/* Is there a breakpoint, of a debugger or of a uprobe: BRK? */
static inline int entry_has_breakpoint(const unsigned char *code, size_t bytes)
{
	for (size_t i = 0; i + 4 <= bytes; i += 4) {
		uint32_t instruction;

		memcpy(&instruction, code + i, sizeof(instruction));
		if ((instruction & 0xffe0001f) == 0xd4200000)
			return 1;
	}
	return 0;
}

#endif
