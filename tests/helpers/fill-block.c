/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fill-block <megabytes> <step> <seconds>: mallocs one block, writes to each step-th byte of it,
 * and then computes and mallocs small blocks for that much CPU time, or until 98 % of the block is
 * huge. Prints how many kB of the block's mapping are in memory, and how many of them on
 * transparent huge pages, as the kernel counts them. Exit status 3: a byte of the block has
 * changed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of the mappings that overlap [from, to). */
static void read_memory(uintptr_t from, uintptr_t to, unsigned long *block_kb,
			unsigned long *huge_kb)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long start, end, kb;
	int inside = 0;
	char line[256];

	*block_kb = *huge_kb = 0;
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < to && end > from;
		else if (inside && sscanf(line, "Rss: %lu", &kb) == 1)
			*block_kb += kb;
		else if (inside && sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			*huge_kb += kb;
	}
	if (smaps)
		fclose(smaps);
}

/* A tenth of a second of CPU time, and small blocks for which the heap has to grow. */
static void work(void)
{
	const clock_t end = clock() + CLOCKS_PER_SEC / 10;
	char *volatile small = NULL;

	for (int i = 0; i < 140; i++)
		small = malloc(1000);
	(void)small;
	while (clock() < end)
		for (volatile int i = 0; i < 1000000; i++)
			;
}

int main(int count, char **arguments)
{
	unsigned long block_kb, huge_kb;
	size_t bytes, step;
	clock_t end;
	char *block;

	if (count != 4)
		return 2;
	bytes = strtoul(arguments[1], NULL, 10) << 20;
	step = strtoul(arguments[2], NULL, 10);
	block = malloc(bytes);
	if (!block || !step)
		return 1;
	for (size_t i = 0; i < bytes; i += step)
		block[i] = (char)(i / step % 127 + 1);
	end = clock() + atol(arguments[3]) * CLOCKS_PER_SEC;
	do {
		work();
		read_memory((uintptr_t)block, (uintptr_t)block + bytes, &block_kb, &huge_kb);
	} while (clock() < end && 100 * (huge_kb << 10) < 98 * bytes);
	printf("%lu %lu\n", block_kb, huge_kb);
	for (size_t i = 0; i < bytes; i += step)
		if (block[i] != (char)(i / step % 127 + 1))
			return 3;
	return 0;
}
