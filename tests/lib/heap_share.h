/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much of a process's heap is on huge pages, by what the kernel says in smaps.
 *
 * The heap here is every private anonymous mapping and every hugetlb mapping; stacks, libraries'
 * data (named after their files) and shared memory are not. Threads of a test that measures get
 * their stacks by start_thread(), on shared memory, so that they are not taken for heap.
 */
#ifndef HEAP_SHARE_H
#define HEAP_SHARE_H

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include "test.h"

struct heap_share {
	unsigned long total_kb;   /* in memory, whatever the page size */
	unsigned long hugetlb_kb; /* on hugetlb pages */
	unsigned long thp_kb;     /* on transparent huge pages */
};

/* Is this line of smaps the first of a mapping? If so, may it be heap? */
static inline bool heap_share_mapping(const char *line, bool *heap)
{
	unsigned long from, to, offset, inode;
	char protection[8], device[16], name[256] = "";

	if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %255[^\n]", &from, &to, protection, &offset,
		   device, &inode, name) < 6)
		return false;
	*heap = name[0] == '\0' || !strcmp(name, "[heap]") || !strncmp(name, "[anon:", 6);
	return true;
}

static inline struct heap_share heap_share_of(const char *smaps)
{
	struct heap_share share = {0};
	unsigned long rss = 0, thp = 0, hugetlb;
	FILE *file = fopen(smaps, "re");
	bool heap = false;
	char line[512];

	CHECK(file != NULL, "%s", smaps);
	while (fgets(line, sizeof(line), file)) {
		if (heap_share_mapping(line, &heap))
			continue;
		if (heap && sscanf(line, "Rss: %lu", &rss) == 1)
			share.total_kb += rss;
		else if (heap && sscanf(line, "AnonHugePages: %lu", &thp) == 1)
			share.thp_kb += thp;
		else if (sscanf(line, "Private_Hugetlb: %lu", &hugetlb) == 1 ||
			 sscanf(line, "Shared_Hugetlb: %lu", &hugetlb) == 1) {
			share.total_kb += hugetlb;
			share.hugetlb_kb += hugetlb;
		}
	}
	fclose(file);
	return share;
}

static inline void heap_share_expect(const char *variable, unsigned long part_kb,
				     const struct heap_share *share)
{
	const char *least = getenv(variable);

	if (least)
		CHECK((double)part_kb >= atof(least) * (double)share->total_kb,
		      "%s=%s, but of %lu kB heap %lu kB are on hugetlb pages, %lu kB on "
		      "transparent "
		      "ones",
		      variable, least, share->total_kb, share->hugetlb_kb, share->thp_kb);
}

/* Compares with EXPECT_HUGE, EXPECT_HUGETLB and EXPECT_THP of the environment: 0.99 and the like.
 */
static inline void heap_share_check_of(const char *smaps)
{
	struct heap_share share;

	if (!getenv("EXPECT_HUGE") && !getenv("EXPECT_HUGETLB") && !getenv("EXPECT_THP"))
		return;
	share = heap_share_of(smaps);
	heap_share_expect("EXPECT_HUGE", share.hugetlb_kb + share.thp_kb, &share);
	heap_share_expect("EXPECT_HUGETLB", share.hugetlb_kb, &share);
	heap_share_expect("EXPECT_THP", share.thp_kb, &share);
}

static inline void heap_share_check(void)
{
	heap_share_check_of("/proc/self/smaps");
}

static inline pthread_t start_thread(void *(*run)(void *), void *argument)
{
	size_t bytes = 256 << 10;
	void *stack = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	CHECK(stack != MAP_FAILED, "no stack");
	pthread_attr_init(&attributes);
	CHECK(pthread_attr_setstack(&attributes, stack, bytes) == 0, "no stack");
	CHECK(pthread_create(&thread, &attributes, run, argument) == 0, "no thread");
	pthread_attr_destroy(&attributes);
	return thread;
}

/* The heap grows by 50M of blocks that keep what is written to them, with the share asked for. */
static inline void heap_share_check_growth(void)
{
	static char *block[500];

	for (int i = 0; i < 500; i++) {
		block[i] = need(malloc(100000));
		fill_pattern(block[i], 100000, (unsigned int)i);
	}
	heap_share_check();
	for (int i = 0; i < 500; i++)
		check_pattern(block[i], 100000, (unsigned int)i);
}

#endif
