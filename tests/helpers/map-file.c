/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that loads a model: map-file FILE [wait|by-hand]. Maps the file to read it, reads all
 * of it with four threads, each in an order of its own, and prints a sum of it; then how many kB of
 * the mapping are on huge pages, how many it has, and the inode that most of it is mapped from.
 * With wait, it goes on when standard input has a line, and prints the sum again. With by-hand, it
 * has the kernel keep the file in huge pages itself, as far as that can be done here and now.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "test.h"

#define THREADS 4
#define BLOCK   ((size_t)64 << 10)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static const unsigned char *map;
static size_t bytes;

static uint64_t sum_of_block(size_t block)
{
	const size_t start = block * BLOCK, end = start + BLOCK < bytes ? start + BLOCK : bytes;
	uint64_t sum = block + 1;

	for (size_t i = start; i + sizeof(uint64_t) <= end; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, map + i, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
	}
	return sum;
}

/* Each thread reads every fourth block; two from the start on, two all over the file. */
static void *sum_blocks(void *argument)
{
	const size_t self = (size_t)(uintptr_t)argument, blocks = (bytes + BLOCK - 1) / BLOCK;
	const size_t own = blocks > self ? (blocks - self + THREADS - 1) / THREADS : 0;
	/* a prime that is no divisor: each block once */
	const size_t step = self % 2 && own % 7919 ? 7919 : 1;
	uint64_t sum = 0;

	for (size_t i = 0; i < own; i++)
		sum += sum_of_block(self + THREADS * (i * step % own));
	return (void *)(uintptr_t)sum;
}

static uint64_t sum_of_all(void)
{
	pthread_t threads[THREADS];
	uint64_t sum = 0;
	void *part;

	for (size_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, sum_blocks, (void *)(uintptr_t)i), "%m");
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &part);
		sum += (uintptr_t)part;
	}
	return sum;
}

static bool is_huge_line(const char *line)
{
	static const char *const names[] = {"Private_Hugetlb:", "Shared_Hugetlb:", "FilePmdMapped:",
					    "ShmemPmdMapped:", "AnonHugePages:"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(line, names[i], strlen(names[i])))
			return true;
	return false;
}

static void print_share(void)
{
	const unsigned long first = (unsigned long)(uintptr_t)map, last = first + bytes;
	unsigned long start, end, kb, huge = 0, largest = 0;
	unsigned long long inode, from = 0;
	bool inside = false;
	char line[1024];
	FILE *smaps = fopen("/proc/self/smaps", "r");

	CHECK(smaps, "%m");
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %*s %*s %*s %llu", &start, &end, &inode) == 3) {
			inside = start >= first && start < last;
			if (inside && end - start > largest) {
				largest = end - start;
				from = inode;
			}
		} else if (inside && is_huge_line(line) && sscanf(line, "%*s %lu", &kb) == 1) {
			huge += kb;
		}
	}
	fclose(smaps);
	printf("huge %lu of %zu kB, inode %llu\n", huge, bytes >> 10, from);
}

static void map_by_hand(int fd)
{
	const size_t huge = 2 * MEGABYTE;
	char *room = mmap(NULL, bytes + huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = room + (-(uintptr_t)room & (huge - 1));

	CHECK(room != MAP_FAILED, "%m");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	map = mmap(at, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	CHECK(map != MAP_FAILED, "%m");
	madvise(at, bytes, MADV_HUGEPAGE);
	for (size_t page = 0; page + huge <= bytes; page += huge) {
		sum_of_block(page / BLOCK);
		madvise(at + page, huge, MADV_COLLAPSE);
	}
}

int main(int argc, char **argv)
{
	struct stat status;
	int fd;

	CHECK(argc >= 2, "usage: map-file FILE [wait|by-hand]");
	fd = open(argv[1], O_RDONLY);
	CHECK(fd >= 0 && !fstat(fd, &status), "%s: %m", argv[1]);
	bytes = (size_t)status.st_size;
	if (argc > 2 && !strcmp(argv[2], "by-hand"))
		map_by_hand(fd);
	else
		map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "%m");
	close(fd);
	printf("sum %016lx\n", (unsigned long)sum_of_all());
	print_share();
	fflush(stdout);
	if (argc > 2 && !strcmp(argv[2], "wait")) {
		getchar();
		printf("still %016lx\n", (unsigned long)sum_of_all());
	}
	return 0;
}
