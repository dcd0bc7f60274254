/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hugetlb pages that the program has not touched (on machines with several NUMA nodes they are
 * reserved only) stay untouched where they can, and leave the pool where they must:
 *
 *   split     a part of each is protected: none of them is populated to be copied
 *   fork      the process forks: parent and child have not touched them either
 *   policy    set_mempolicy() confines the process: the pool of the nodes may be empty, so what is
 *             touched from then on is on other pages, and what was touched before stays
 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "heap_share.h"

#define HUGE      (2 * MEGABYTE)
#define BASE      ((size_t)4096)
#define PAGES     16
#define TOUCHED   4 /* of them */
#define MODE_BIND 2 /* MPOL_BIND */
#define SEED      9

static char *page;

static size_t count_present(void)
{
	size_t present = 0;
	unsigned char there;

	for (size_t i = 0; i < PAGES; i++) {
		CHECK(mincore(page + i * HUGE + HUGE / 2, BASE, &there) == 0, "%m");
		present += there & 1;
	}
	return present;
}

static long faults_of_helpers(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0, "%m");
	return usage.ru_minflt;
}

static void split(void)
{
	long before;

	/* the first one has faults of its own */
	CHECK(mprotect(page + BASE, BASE, PROT_READ) == 0, "%m");
	before = faults_of_helpers();
	for (size_t i = TOUCHED; i < PAGES; i++)
		CHECK(mprotect(page + i * HUGE + BASE, BASE, PROT_READ) == 0, "%m");
	CHECK(faults_of_helpers() - before < PAGES - TOUCHED, "%ld page faults",
	      faults_of_helpers() - before);
	CHECK(count_present() == TOUCHED, "%zu pages are present", count_present());
	for (size_t i = TOUCHED; i < PAGES; i++)
		check_zero(page + i * HUGE, HUGE);
}

static void fork_child(void)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "%m");
	if (!child) {
		CHECK(count_present() <= TOUCHED, "%zu pages are present in the child",
		      count_present());
		check_pattern(page, TOUCHED * HUGE, SEED);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && !status, "the child's status: %#x", status);
	CHECK(count_present() == TOUCHED, "%zu pages are present", count_present());
}

static unsigned long hugetlb_kb(void)
{
	return heap_share_of("/proc/self/smaps").hugetlb_kb;
}

static void confine(void)
{
	unsigned long nodes = 1, before = hugetlb_kb();

	CHECK(before >= TOUCHED * (HUGE >> 10), "%lu kB on hugetlb pages", before);
	CHECK(syscall(SYS_set_mempolicy, MODE_BIND, &nodes, 64ul) == 0, "%m");
	memset(page + TOUCHED * HUGE, 1, (PAGES - TOUCHED) * HUGE);
	CHECK(hugetlb_kb() <= before, "%lu kB on hugetlb pages, %lu kB before", hugetlb_kb(),
	      before);
	CHECK(hugetlb_kb() >= TOUCHED * (HUGE >> 10), "%lu kB on hugetlb pages", hugetlb_kb());
}

int main(int count, char **arguments)
{
	char *block = mmap(NULL, (PAGES + 1) * HUGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(block != MAP_FAILED && count == 2, "split|fork|policy");
	page = block + (-(uintptr_t)block & (HUGE - 1));
	CHECK(count_present() == 0, "%zu pages are present", count_present());
	fill_pattern(page, TOUCHED * HUGE, SEED);
	CHECK(count_present() == TOUCHED, "%zu pages are present", count_present());
	if (!strcmp(arguments[1], "split"))
		split();
	else if (!strcmp(arguments[1], "fork"))
		fork_child();
	else
		confine();
	for (size_t i = 0; i < TOUCHED; i++)
		check_pattern(page + i * HUGE + 2 * BASE, HUGE - 2 * BASE, SEED);
	puts("ok");
	return 0;
}
