/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of others beside the break. By the first argument:
 *   brk     the kernel's break is raised by 8M past libc, then malloc gives 64M: kB that are huge
 *   hints   100 mappings are asked for near the program's text, and one in the huge page above the
 *           break: how many came where they were asked
 *   probe   the break is raised by 400M, not touched, and lowered again: kB that are huge then
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

static unsigned long huge_kb(void)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long kb, sum = 0;
	char line[512];

	CHECK(smaps, "no smaps");
	while (fgets(line, sizeof(line), smaps))
		if (sscanf(line, "Private_Hugetlb: %lu", &kb) == 1)
			sum += kb;
	fclose(smaps);
	return sum;
}

static int beside_raw_break(void)
{
	long now = syscall(SYS_brk, 0);

	CHECK(syscall(SYS_brk, now + (8 << 20)) == now + (8 << 20), "the kernel's break stays");
	memset((void *)now, 1, 8 << 20);
	for (int i = 0; i < 1024; i++)
		memset(need(malloc(65536)), 1, 65536);
	for (long i = 0; i < 8 << 20; i++)
		CHECK(((char *)now)[i] == 1, "the memory of the raw break was changed");
	printf("%lu\n", huge_kb());
	return 0;
}

static int near_text(void)
{
	const size_t bytes = 65536;
	void *begun = need(malloc(1000));
	char *at = (char *)(((unsigned long)sbrk(0) + (256 << 20)) & ~0xffffUL);
	char *next = (char *)(((unsigned long)sbrk(0) + (2 << 20) - 1) & ~((2UL << 20) - 1));
	int taken = mmap(next, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		    next;

	for (int i = 0; i < 100; i++, at += 4 << 20)
		taken += mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0) == at;
	for (int i = 0; i < 1024; i++)
		memset(need(malloc(65536)), 1, 65536);
	printf("%d\n", taken);
	free(begun);
	return 0;
}

static int probe(void)
{
	const long bytes = 400L << 20;

	CHECK(sbrk(bytes) != (void *)-1, "the break cannot be raised");
	CHECK(sbrk(-bytes) != (void *)-1, "the break cannot be lowered");
	printf("%lu\n", huge_kb());
	return 0;
}

int main(int count, char **arguments)
{
	CHECK(count == 2, "usage");
	if (!strcmp(arguments[1], "brk"))
		return beside_raw_break();
	return !strcmp(arguments[1], "hints") ? near_text() : probe();
}
