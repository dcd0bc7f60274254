/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where no thread can be kept from writing, HUGETLB_EXACT=strict and HUGETLB_MORECORE=auto have
 * hugetlb pages as long as one thread runs: at the first pthread_create heap, mappings and data
 * move to transparent pages, and what is protected in parts afterwards is.
 *
 * EXPECT_BEFORE: MB on hugetlb pages before, at least; 0 after.
 */
#include <sys/mman.h>
#include "heap_share.h"

#define HUGE  (2 * MEGABYTE)
#define PAGES 16

static char data[4 * HUGE] = {1};
static char *block, *mapped, *blocks[1024];

#define BLOCK_BYTES ((size_t)64 << 10)

static unsigned long hugetlb_kb(void)
{
	return heap_share_of("/proc/self/smaps").hugetlb_kb;
}

static void protect_parts(char *from, size_t bytes)
{
	char *page = from + (-(uintptr_t)from & (HUGE - 1));

	for (; page + HUGE <= from + bytes; page += HUGE) {
		CHECK(mprotect(page + 8192, 4096, PROT_READ) == 0, "%p: %m", (void *)page);
		CHECK(mprotect(page + 8192, 4096, PROT_READ | PROT_WRITE) == 0, "%m");
	}
}

static void *in_thread(void *unused)
{
	char *more = need(malloc(PAGES * HUGE));

	fill_pattern(more, PAGES * HUGE, 4);
	protect_parts(block, PAGES * HUGE);
	protect_parts(mapped, PAGES * HUGE);
	protect_parts(data, sizeof(data));
	protect_parts(more, PAGES * HUGE);
	check_pattern(more, PAGES * HUGE, 4);
	CHECK(getenv("EXPECT_BEFORE") == NULL || hugetlb_kb() == 0, "%lu kB on hugetlb pages",
	      hugetlb_kb());
	free(more);
	return unused;
}

int main(void)
{
	const char *expected = getenv("EXPECT_BEFORE");
	pthread_t thread;

	for (size_t i = 0; i < 1024; i++) {
		blocks[i] = need(malloc(BLOCK_BYTES));
		fill_pattern(blocks[i], BLOCK_BYTES, i);
	}
	block = need(malloc(PAGES * HUGE));
	mapped = mmap(NULL, PAGES * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	CHECK(mapped != MAP_FAILED, "%m");
	fill_pattern(block, PAGES * HUGE, 1);
	fill_pattern(mapped, PAGES * HUGE, 2);
	fill_pattern(data, sizeof(data), 3);
	if (expected)
		CHECK(hugetlb_kb() >> 10 >= strtoul(expected, NULL, 10), "only %lu kB",
		      hugetlb_kb());
	CHECK(pthread_create(&thread, NULL, in_thread, NULL) == 0, "no thread");
	CHECK(pthread_join(thread, NULL) == 0, "not joined");
	for (size_t i = 0; i < 1024; i++)
		check_pattern(blocks[i], BLOCK_BYTES, i);
	check_pattern(block, PAGES * HUGE, 1);
	check_pattern(mapped, PAGES * HUGE, 2);
	check_pattern(data, sizeof(data), 3);
	puts("ok");
	return 0;
}
