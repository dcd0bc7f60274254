/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The classic question: a program with a big static array and mallocs runs under the library, and
 * /proc/PID/maps says "(deleted)" where [heap] was. What is that?
 *
 * It fills the array and 1M from one malloc, then 256M of small blocks, and touches the blocks at
 * random. It prints a sum, which is the same on every page size. Where CLASSIC_SNAPSHOT names a
 * file, /proc/self/smaps goes there at the end, behind a line with the two addresses of the array.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ARRAY_BYTES = 4 << 20,
	ONE_MALLOC_BYTES = 1 << 20,
	HEAP_BYTES = 256 << 20,
	BLOCK_BYTES_MIN = 64,
	BLOCK_BYTES_MAX = 320,
	TOUCHES = 8 * 1000 * 1000,
};

static unsigned char array[ARRAY_BYTES];

/* xorshift: the same numbers in every run. */
static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void *must_malloc(size_t bytes)
{
	void *memory = malloc(bytes);

	if (!memory) {
		fputs("classic: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

/* No buffer of its own in the heap, which it is about to show. */
static void write_snapshot(const char *path)
{
	static char buffer[1 << 16];
	int from = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t bytes;

	if (from < 0 || to < 0) {
		perror(path);
		exit(1);
	}
	dprintf(to, "array %lx %lx\n", (unsigned long)(uintptr_t)array,
		(unsigned long)(uintptr_t)(array + ARRAY_BYTES));
	while ((bytes = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, bytes) != bytes)
			exit(1);
	}
	close(from);
	close(to);
}

int main(void)
{
	const char *snapshot = getenv("CLASSIC_SNAPSHOT");
	size_t blocks = 0, bytes_left = HEAP_BYTES;
	unsigned char **block, *one;
	uint64_t sum = 0;

	memset(array, 1, sizeof(array));
	one = must_malloc(ONE_MALLOC_BYTES);
	memset(one, 2, ONE_MALLOC_BYTES);
	block = must_malloc(HEAP_BYTES / BLOCK_BYTES_MIN * sizeof(*block));
	while (bytes_left >= BLOCK_BYTES_MAX) {
		size_t bytes =
			BLOCK_BYTES_MIN + next_random() % (BLOCK_BYTES_MAX - BLOCK_BYTES_MIN);

		block[blocks] = must_malloc(bytes);
		memset(block[blocks], blocks & 0xff, bytes);
		bytes_left -= bytes;
		blocks++;
	}
	for (size_t touch = 0; touch < TOUCHES; touch++) {
		size_t number = next_random();

		sum += ++block[number % blocks][number % BLOCK_BYTES_MIN];
		sum += array[number % ARRAY_BYTES] + one[number % ONE_MALLOC_BYTES];
	}
	printf("%zu blocks, sum %llu\n", blocks, (unsigned long long)sum);
	if (snapshot)
		write_snapshot(snapshot);
	return 0;
}
