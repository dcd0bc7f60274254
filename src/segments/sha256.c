/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256: see sha256.h.
 */
#include <string.h>

#include "segments/sha256.h"

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t turn_right(uint32_t word, unsigned int bits)
{
	return word >> bits | word << (32 - bits);
}

static uint32_t read_word(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_word(unsigned char *at, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(word >> (24 - 8 * i));
}

static void expand(uint32_t schedule[64], const unsigned char *block)
{
	for (int i = 0; i < 16; i++)
		schedule[i] = read_word(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t early = schedule[i - 15], late = schedule[i - 2];

		early = turn_right(early, 7) ^ turn_right(early, 18) ^ early >> 3;
		late = turn_right(late, 17) ^ turn_right(late, 19) ^ late >> 10;
		schedule[i] = schedule[i - 16] + early + schedule[i - 7] + late;
	}
}

/* The letters of the standard: a to h are the eight working variables. */
static void add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t schedule[64];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	expand(schedule, block);
	for (int i = 0; i < 64; i++) {
		uint32_t sum_of_e = turn_right(e, 6) ^ turn_right(e, 11) ^ turn_right(e, 25);
		uint32_t sum_of_a = turn_right(a, 2) ^ turn_right(a, 13) ^ turn_right(a, 22);
		uint32_t first = h + sum_of_e + ((e & f) ^ (~e & g)) + constants[i] + schedule[i];
		uint32_t second = sum_of_a + ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + first;
		d = c;
		c = b;
		b = a;
		a = first + second;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_begin(struct sha256 *hash)
{
	static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(hash->state, start, sizeof(start));
	hash->bytes = 0;
}

void sha256_add(struct sha256 *hash, const void *data, size_t bytes)
{
	const unsigned char *from = data;
	size_t used = hash->bytes % SHA256_BLOCK_BYTES;

	hash->bytes += bytes;
	while (bytes) {
		size_t taken = SHA256_BLOCK_BYTES - used;

		if (taken > bytes)
			taken = bytes;
		memcpy(hash->block + used, from, taken);
		from += taken;
		bytes -= taken;
		used += taken;
		if (used == SHA256_BLOCK_BYTES) {
			add_block(hash->state, hash->block);
			used = 0;
		}
	}
}

void sha256_end(struct sha256 *hash, unsigned char digest[SHA256_BYTES])
{
	static const unsigned char padding[SHA256_BLOCK_BYTES] = {0x80};
	uint64_t bits = hash->bytes * 8;
	size_t used = hash->bytes % SHA256_BLOCK_BYTES;
	unsigned char length[8];

	write_word(length, (uint32_t)(bits >> 32));
	write_word(length + 4, (uint32_t)bits);
	sha256_add(hash, padding, (used < 56 ? 56 : 120) - used);
	sha256_add(hash, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		write_word(digest + 4 * i, hash->state[i]);
}
