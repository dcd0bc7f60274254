/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * munmap of a part works where a program has used up what it may have, as without the library:
 * "memory": its address space (RLIMIT_AS); "files": its descriptors, beside another thread; then
 * the part can be mapped again where nothing may be (MAP_FIXED_NOREPLACE).
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include "heap_share.h"

#define HUGE   (2 * MEGABYTE)
#define BLOCKS 50

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static char *map(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	memset(at, 1, bytes);
	return at;
}

static char *use_up_memory(void)
{
	const struct rlimit limit = {200 * MEGABYTE, 200 * MEGABYTE};
	char *block[BLOCKS];
	int i = 0;

	CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "%m");
	while (i < BLOCKS && (block[i] = map(6 * HUGE)))
		i++;
	CHECK(i > 3 && i < BLOCKS, "%d blocks", i);
	while (map(4096))
		;
	return block[2];
}

static char *use_up_files(void)
{
	const struct rlimit limit = {3, 3};

	start_thread(idle, NULL);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0, "%m");
	return map(6 * HUGE);
}

int main(int count, char **arguments)
{
	char *block, *page;

	CHECK(count == 2, "memory|files");
	block = !strcmp(arguments[1], "memory") ? use_up_memory() : use_up_files();
	page = block + (-(uintptr_t)block & (HUGE - 1));
	CHECK(munmap(page + 4096, HUGE + 8192) == 0, "%m");
	for (size_t i = 0; i < 4096; i++)
		CHECK(page[i] == 1 && page[HUGE + 12288 + i] == 1, "what stayed");
	if (!strcmp(arguments[1], "files"))
		CHECK(mmap(page + 4096, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			   0) == page + 4096 &&
			      !page[4096],
		      "mapped again: %m");
	puts("ok");
	fflush(stdout);
	_exit(0);
}
