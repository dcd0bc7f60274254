/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Free memory by block size: see buddy.h.
 */
#include <string.h>

#include "base/sys.h"
#include "base/words.h"
#include "pages/buddy.h"

/* A zone takes some hundred bytes, a node has several zones; what is beyond counts as not free. */
#define TEXT_BYTES 4096

/* A line is "Node 0, zone   Normal   16   3 ...": a count of free blocks of 1, 2, 4 ... pages. */
static size_t zone_free_bytes(const char *line, size_t block_bytes, size_t base_bytes)
{
	size_t bytes = 0, order_bytes = base_bytes, count;

	while (*line == ' ')
		line++;
	line += strcspn(line, " \n");
	while (*line == ' ') {
		count = (size_t)word_number(&line, 10);
		if (order_bytes >= block_bytes)
			bytes += count * order_bytes;
		order_bytes *= 2;
		while (*line == ' ')
			line++;
		if (*line < '0' || *line > '9')
			break;
		line--;
	}
	return bytes;
}

size_t buddy_free_bytes(const char *text, size_t block_bytes, size_t base_bytes)
{
	static const char zone[] = "zone ";
	size_t bytes = 0;

	for (text = strstr(text, zone); text; text = strstr(text, zone)) {
		text += sizeof(zone) - 1;
		bytes += zone_free_bytes(text, block_bytes, base_bytes);
	}
	return bytes;
}

bool buddy_has(size_t bytes, size_t block_bytes, size_t base_bytes)
{
	char text[TEXT_BYTES];

	if (sys_sandboxed || sys_read_file("/proc/buddyinfo", text, sizeof(text)) <= 0)
		return true;
	return buddy_free_bytes(text, block_bytes, base_bytes) >= bytes;
}
