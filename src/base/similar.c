/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The distance between two words: see similar.h.
 */
#include "base/similar.h"

#define NAME_BYTES 48 /* no name that is compared is longer */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static size_t length_of(const char *name)
{
	size_t length = 0;

	while (name[length])
		length++;
	return length;
}

/* One row of the table of distances, for the first `at` characters of the word. */
static void next_row(unsigned int rows[3][NAME_BYTES + 1], const char *word, size_t at,
		     const char *name, size_t name_bytes)
{
	unsigned int *row = rows[at % 3];
	const unsigned int *before = rows[(at + 2) % 3], *earlier = rows[(at + 1) % 3];

	row[0] = (unsigned int)at;
	for (size_t i = 1; i <= name_bytes; i++) {
		const bool differs = word[at - 1] != name[i - 1];

		row[i] = least(least(row[i - 1], before[i]) + 1, before[i - 1] + differs);
		if (at > 1 && i > 1 && word[at - 1] == name[i - 2] && word[at - 2] == name[i - 1])
			row[i] = least(row[i], earlier[i - 2] + 1);
	}
}

unsigned int similar_distance(const char *word, size_t bytes, const char *name)
{
	unsigned int rows[3][NAME_BYTES + 1], distance;
	const size_t name_bytes = length_of(name);

	if (bytes > NAME_BYTES || name_bytes > NAME_BYTES)
		return SIMILAR_NEVER;
	for (size_t i = 0; i <= name_bytes; i++)
		rows[0][i] = (unsigned int)i;
	for (size_t at = 1; at <= bytes; at++)
		next_row(rows, word, at, name, name_bytes);
	distance = rows[bytes % 3][name_bytes];
	return distance > 1 + name_bytes / 6 ? SIMILAR_NEVER : distance;
}
